engine "clickhouse" {
  addresses = ["http://ch1"] # ERROR: Invalid address: is not an address of ClickHouse
  database  = "a-b"          # ERROR: Invalid name: is not the name of a database
  password  = "geheim"       # ERROR: Secret in a file: FLOWCTL_CLICKHOUSE_PASSWORD
}

engine "clickhouse" { # ERROR: Duplicate block: second engine block
  addresses = ["ch1"]
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
