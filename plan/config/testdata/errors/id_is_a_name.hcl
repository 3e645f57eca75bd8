investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    id = "db" # ERROR: Invalid ID: not a resource id
  }
}
