investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      retention_days = 400 # ERROR: Invalid number: from 0 to 365
    }
  }
}
