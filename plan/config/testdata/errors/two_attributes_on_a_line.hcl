investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" { name = "db", resource_group = "rg" } # ERROR: Invalid single-argument block definition
}
