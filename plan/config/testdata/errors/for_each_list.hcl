investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    for_each       = ["a", "b"] # ERROR: Invalid for_each: toset(…)
    name           = each.key
    resource_group = "rg-app"
  }
}
