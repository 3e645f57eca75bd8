variable "a" {
  default = 1
}

variable "b" {
  default = var.a # ERROR: Variables not allowed
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
