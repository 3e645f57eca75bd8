investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      max_bytes = "256M" # ERROR: Invalid size: write 256MiB (by 1024) or 256MB (by 1000)
    }
  }
}
