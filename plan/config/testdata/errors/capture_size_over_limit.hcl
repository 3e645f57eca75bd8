investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      max_bytes = "4GiB" # ERROR: Invalid size: Azure takes 1 to 4294967295
    }
  }
}
