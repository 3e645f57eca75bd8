variable "ticket" { # ERROR: No value for variable: --var ticket=
  type = string
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = var.ticket

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
