investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = destination.port # ERROR: Wrong type: where must be true or false
  }
}
