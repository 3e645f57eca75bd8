# VAR: ticket=7
variable "ticket" { # ERROR: Invalid value for variable: A ticket looks like NET-7, not 7. The condition is on line 6
  type = string

  validation {
    condition     = startswith(var.ticket, "NET-")
    error_message = "A ticket looks like NET-7, not ${var.ticket}."
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
