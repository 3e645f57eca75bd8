investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  expect "quiet" { # ERROR: Not supported yet: summary.json
    condition = summary.sql.flows == 0
  }
}
