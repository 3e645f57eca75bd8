investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  budget {
    limit = "20 EUR" # ERROR: Invalid amount: does not convert
  }
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
