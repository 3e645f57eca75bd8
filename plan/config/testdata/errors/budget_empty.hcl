investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  budget { # ERROR: Missing attribute: says nothing
  }
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
