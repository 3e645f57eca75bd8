investigation "egress" {
  reason = null # ERROR: Missing reason
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
