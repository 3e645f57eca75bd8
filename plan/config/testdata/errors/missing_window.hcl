investigation "egress" { # ERROR: Missing window: write window = "2h"
  reason = "egress tripled"
  owner  = "netops@example.com"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
