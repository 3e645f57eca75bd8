investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watsch "vm" "db" { # ERROR: Unknown block: Did you mean "watch"?
    tags = { role = "db" }
  }

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
