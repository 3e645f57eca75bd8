investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  budget {
    limit = "0 USD" # ERROR: Invalid amount: lets nothing be recorded
  }
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
