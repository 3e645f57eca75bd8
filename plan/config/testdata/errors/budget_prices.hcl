investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  budget {
    prices = "budget_prices.hcl" # ERROR: Invalid prices: not a file of prices
  }
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
