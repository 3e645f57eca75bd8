investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    name           = each.key # ERROR: No for_each
    resource_group = "rg-app"
  }
}
