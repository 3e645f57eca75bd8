variable "a" {
  default = 1
}

variable "a" { # ERROR: Duplicate name: second variable "a"
  default = 2
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
