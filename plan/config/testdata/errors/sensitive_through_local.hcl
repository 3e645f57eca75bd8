variable "secret" {
  default   = "hunter2"
  sensitive = true
}

locals {
  text = "ticket ${var.secret}"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = local.text # ERROR: Sensitive value

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
