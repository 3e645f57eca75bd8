investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    name           = "web-*" # ERROR: Invalid name: there are no wildcards
    resource_group = "rg-app"
  }
}
