investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  owner  = "me@example.com" # ERROR: Attribute redefined

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
