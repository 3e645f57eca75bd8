investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      local_path = "captures/web.cap" # ERROR: Invalid path: /var/captures/web.cap
    }
  }
}
