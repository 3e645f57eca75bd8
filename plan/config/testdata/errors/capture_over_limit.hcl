investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "8h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      duration = "6h" # ERROR: Capture too long: lasts at most 5h
    }
  }
}
