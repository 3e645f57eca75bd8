investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      filter {
        local_address = "10.0.0.9-10.0.0.1" # ERROR: Invalid address: ends before it begins; write 10.0.0.1-10.0.0.9
      }
    }
  }
}
