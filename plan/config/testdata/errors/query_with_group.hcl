investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    query          = "Resources"
    resource_group = "rg-app" # ERROR: Conflicting attributes: not with query
  }
}
