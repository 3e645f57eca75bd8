investigation "egress" { # ERROR: Missing owner
  reason = "egress tripled"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
