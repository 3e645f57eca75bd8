investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = nul # ERROR: Unknown reference: text stands in double quotes

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
