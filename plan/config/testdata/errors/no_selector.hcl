investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    resource_group = "rg-app" # ERROR: Missing selector: add name
  }
}
