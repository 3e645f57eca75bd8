investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      ring {
        files = 20000 # ERROR: Invalid number: from 1 to 10000
      }
    }
  }
}
