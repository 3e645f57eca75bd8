provider "sandbox" {
  clock = "fast" # ERROR: Wrong type: clock must be a number, not text
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
