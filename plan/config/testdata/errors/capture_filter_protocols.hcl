investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      filter {
        protocol = ["TCP", "UDP"] # ERROR: Invalid filter: one filter block for each
      }
    }
  }
}
