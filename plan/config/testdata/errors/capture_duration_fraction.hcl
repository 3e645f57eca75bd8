investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      duration = "0.5s" # ERROR: Invalid duration: whole number of seconds
    }
  }
}
