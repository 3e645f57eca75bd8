investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      filter {
        source_address = "10.0.0.0/33" # ERROR: Invalid address: is neither an address
      }
    }
  }
}
