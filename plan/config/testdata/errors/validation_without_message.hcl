variable "ticket" {
  default = "NET-1"

  validation { # ERROR: Missing attribute: needs error_message
    condition = var.ticket != ""
  }
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
