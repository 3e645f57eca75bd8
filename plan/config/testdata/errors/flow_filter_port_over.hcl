investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      filter {
        destination_port = 65536 # ERROR: Invalid port: 0 to 65535
      }
    }
  }
}
