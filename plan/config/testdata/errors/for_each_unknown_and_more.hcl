investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    for_each       = var.hosts # ERROR: Unknown variable
    name           = each.key
    resource_group = "rg/app" # ERROR: Invalid name
  }
}
