investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = NET # ERROR: Unknown reference: text stands in double quotes

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
