investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket { # ERROR: Unknown block: write ticket = 
  }

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
