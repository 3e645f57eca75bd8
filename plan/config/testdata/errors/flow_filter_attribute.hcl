investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      filter {
        dst_port = 443 # ERROR: Unknown attribute: in filter
      }
    }
  }
}
