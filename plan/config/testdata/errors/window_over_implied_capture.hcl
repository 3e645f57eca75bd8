investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "8h"

  watch "vm" "db" { # ERROR: Window too long: a packet capture lasts at most 5h
    tags = { role = "db" }
  }
}
