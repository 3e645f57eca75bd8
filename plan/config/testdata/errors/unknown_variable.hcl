variable "ticket" {
  default = "NET-1"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = var.tikcet # ERROR: Unknown variable: Did you mean "ticket"?

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
