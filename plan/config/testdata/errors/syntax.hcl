investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = # ERROR: Invalid expression

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
