investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      filter {
        protocol = "ICMP" # ERROR: Invalid filter: Known here: TCP, UDP, Any
      }
    }
  }
}
