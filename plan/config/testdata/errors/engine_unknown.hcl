engine "duckdb" { # ERROR: Unknown engine: flowctl has "clickhouse"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
