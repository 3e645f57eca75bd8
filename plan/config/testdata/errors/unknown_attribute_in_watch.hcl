investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    nmae           = "db" # ERROR: Unknown attribute: Did you mean "name"?
    tags = { role = "db" }
  }
}
