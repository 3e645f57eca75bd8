investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    name = "db" # ERROR: Missing attribute: add resource_group
  }
}
