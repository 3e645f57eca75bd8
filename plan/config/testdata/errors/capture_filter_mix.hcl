investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      filter {
        remote_address = ["10.0.0.4", "10.1.0.0/16"] # ERROR: Invalid filter: "10.1.0.0/16" is a range among others
      }
    }
  }
}
