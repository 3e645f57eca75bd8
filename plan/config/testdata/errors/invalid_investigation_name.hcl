investigation "Egress_Spike" { # ERROR: Invalid name: lower-case letters
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
