investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    packet_capture {} # ERROR: Wrong mechanism: Packets are captured on machines
  }
}
