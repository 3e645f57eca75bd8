provider "sandbox" {
  world = "" # ERROR: Invalid path: leave it out for the embedded world
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
