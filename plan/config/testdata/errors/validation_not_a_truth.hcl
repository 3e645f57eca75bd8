variable "ticket" {
  default = "NET-1"

  validation {
    condition     = "NET-1 is fine" # ERROR: Wrong type: must be true or false
    error_message = "No."
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
