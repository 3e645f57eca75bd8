investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  tikcet = "NET-1" # ERROR: Unknown attribute: Did you mean "ticket"?

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
