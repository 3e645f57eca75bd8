# VAR: names=a,b
variable "names" {
  type = list(string) # ERROR: Invalid value for variable: Text inside lists and maps stands in double quotes
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
