investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    for_each       = null # ERROR: Invalid for_each: for_each is null
    name           = each.key
    resource_group = "rg-app"
  }
}
