investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      filter { # ERROR: Empty filter
        protocol = null
      }
    }
  }
}
