variable "a" {
  default   = 1
  sensitive = local.b # ERROR: Variables not allowed
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
