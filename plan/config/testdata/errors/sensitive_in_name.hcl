variable "host" {
  default   = "db1"
  sensitive = true
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    name           = var.host # ERROR: Sensitive value: write nonsensitive(…)
    resource_group = "rg-app"
  }
}
