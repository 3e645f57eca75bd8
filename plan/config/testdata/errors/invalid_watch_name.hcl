investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db server" { # ERROR: Invalid name: beginning with a letter
    tags = { role = "db" }
  }
}
