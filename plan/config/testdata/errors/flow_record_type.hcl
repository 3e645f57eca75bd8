investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vnet" "db" {
    tags = { role = "db" }
    flow_log {
      record_types = ["begin", "edn"] # ERROR: Unknown record type: Did you mean "end"?
    }
  }
}
