variable "secret" {
  default   = "hunter2"
  sensitive = true
}

locals {
  net = cidrhost(var.secret, 1) # ERROR: Error in function call: the details are withheld
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
