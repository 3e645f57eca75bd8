investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  budget {
    limit = "20" # ERROR: Invalid amount: an amount and a currency
  }
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
