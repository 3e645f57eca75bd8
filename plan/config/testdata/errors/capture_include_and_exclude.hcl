investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vmss" "db" {
    tags = { role = "db" }
    packet_capture {
      include = ["0"]
      exclude = ["1"] # ERROR: Conflicting attributes: not both
    }
  }
}
