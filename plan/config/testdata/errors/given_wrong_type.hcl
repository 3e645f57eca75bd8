# VAR: top=many
variable "top" {
  type = number # ERROR: Wrong type: its value (--var) does not fit
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
