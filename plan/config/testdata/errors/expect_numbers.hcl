investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "sql" {
    where = port == 1433
  }
  expect "quiet" {
    condition = summary.sqll.flows == 0 # ERROR: Unknown number: Did you mean "sql"?
  }
  expect "few" {
    condition = summary.sql.flow < 10 # ERROR: Unknown number: Did you mean "flows"?
  }
  expect "any" {
    condition = summary.sql.flows # ERROR: Wrong type: summary.sql.flows == 443
  }
  expect "none" { # ERROR: Missing condition: such as condition = summary.sql.flows == 0
    message = "x"
  }
  expect "few" { # ERROR: Duplicate name: Rename one of them
    condition = summary.sql.flows < 10
  }
}
