investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      traffic_analytics {
        workspace_id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/law"
        interval     = "30m" # ERROR: Invalid interval: every 10m or every 60m
      }
    }
  }
}
