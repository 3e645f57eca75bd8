investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  watch "vm" "db" { # ERROR: Duplicate name: a second watch "vm.db"
    tags = { role = "web" }
  }
}
