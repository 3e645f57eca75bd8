investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      include = ["0"] # ERROR: Conflicting attributes: instances of a scale set
    }
  }
}
