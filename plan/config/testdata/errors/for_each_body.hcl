investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    for_each       = toset(["a", "b"])
    name           = each.keys # ERROR: Unknown reference: Did you mean "key"?
    resource_group = "rg-app"
  }
}
