investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "8h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture { # ERROR: Window too long: a packet capture lasts at most 5h
      max_bytes = "1GB"
    }
  }
}
