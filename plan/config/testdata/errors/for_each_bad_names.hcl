investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    for_each       = toset(["a", "b"])
    name           = "${each.key}/x" # ERROR: Invalid name: No resource can be called "a/x"
    resource_group = "rg-app"
  }
}
