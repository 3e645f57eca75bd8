investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      filter {
        destination_port = [443, "9000-8000"] # ERROR: Invalid port: write 8000-9000
      }
    }
  }
}
