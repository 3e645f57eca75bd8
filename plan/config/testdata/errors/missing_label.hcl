investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" { # ERROR: Missing label: write watch "kind" "name" { … }
    tags = { role = "db" }
  }
}
