investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      max_bytes = "lots" # ERROR: Invalid size: is not a size
    }
  }
}
