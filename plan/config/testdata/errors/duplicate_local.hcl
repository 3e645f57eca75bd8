locals {
  a = 1
}

locals {
  a = 2 # ERROR: Duplicate name: second local "a"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
