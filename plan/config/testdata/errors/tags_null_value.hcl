investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = null } # ERROR: Wrong type: Tag "role" has no value
  }
}
