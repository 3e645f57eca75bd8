engine "clickhouse" { # ERROR: Missing attribute: needs addresses
  secure = true
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
