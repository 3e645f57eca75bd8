investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      filter {
        local_address = "10.0.0.300" # ERROR: Invalid address: is neither an address
      }
    }
  }
}
