variable "top" {
  type    = number
  default = "many" # ERROR: Wrong type: declared as number
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
