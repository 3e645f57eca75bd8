investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      traffic_analytics { # ERROR: Missing attribute: needs workspace_id
      }
    }
  }
}
