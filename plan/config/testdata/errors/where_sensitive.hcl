variable "host" {
  default   = "db1"
  sensitive = true
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = source.vm == var.host # ERROR: Sensitive value: nonsensitive(…)
  }
}
