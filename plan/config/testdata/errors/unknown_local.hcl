investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = local.ticket # ERROR: Unknown local: There is no local value "ticket"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
