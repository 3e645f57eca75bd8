investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    for_each       = toset([1, 2]) # ERROR: Invalid for_each
    name           = each.key
    resource_group = "rg-app"
  }
}
