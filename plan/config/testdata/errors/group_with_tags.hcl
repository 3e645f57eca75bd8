investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags           = { role = "db" }
    resource_group = "rg-app" # ERROR: Conflicting attributes: goes with name
  }
}
