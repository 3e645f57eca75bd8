investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = port + 1 == 444 # ERROR: Unsupported condition: compute the value in locals
  }
}
