remote_state "azurerm" { # ERROR: Not supported yet: The state is a local file
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
