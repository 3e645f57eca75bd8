investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    tags = { role = "db" }
    packet_capture {
      agent = "instal" # ERROR: Invalid agent: Did you mean "install"
    }
  }
}
