provider "sandbox" {
  clock = -1 # ERROR: Invalid number: times faster than real time
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
