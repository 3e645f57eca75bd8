investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  budget {
    prices = "none.json" # ERROR: Invalid prices: no such file
  }
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
