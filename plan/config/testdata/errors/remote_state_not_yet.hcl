remote_state "azurerm" { # ERROR: Not supported yet: Use a state block
  container = "state"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
