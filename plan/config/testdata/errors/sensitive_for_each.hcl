variable "host" {
  default   = "db1"
  sensitive = true
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    for_each       = toset([var.host]) # ERROR: Sensitive value: keys of for_each
    name           = each.key
    resource_group = "rg-app"
  }
}
