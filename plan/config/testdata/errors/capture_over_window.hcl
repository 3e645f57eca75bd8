investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      duration = "3h" # ERROR: Capture too long: the investigation ends after 2h
    }
  }
}
