investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      ring {
        duration = "3h" # ERROR: Capture too long: The ring lasts 3h
      }
    }
  }
}
