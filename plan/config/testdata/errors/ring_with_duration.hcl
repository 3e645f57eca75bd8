investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      duration = "1h" # ERROR: Conflicting attributes: Move duration into ring
      ring {}
    }
  }
}
