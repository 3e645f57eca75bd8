variable "a b" { # ERROR: Invalid name: A variable cannot be called
  default = 1
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
