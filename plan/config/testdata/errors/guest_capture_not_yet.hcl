investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    guest_capture {} # ERROR: Not supported yet: Use packet_capture
  }
}
