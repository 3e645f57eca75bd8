variable "a" {
  nullable = false
  default  = null # ERROR: Null value: is not nullable
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
