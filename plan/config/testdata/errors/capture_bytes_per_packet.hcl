investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      bytes_per_packet = -1 # ERROR: Invalid number: from 0 to 4294967295
    }
  }
}
