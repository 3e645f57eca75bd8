# The rehearsal of denied.hcl, on a bad day of Azure's.

run "apply while requests fail" {
  command = "apply"

  fault "busy watcher" {
    operation = "flow_log.create"
    nth       = [1]
    code      = "AnotherOperationInProgress"
  }

  assert {
    condition = summary.dropped.rows[0].rule == "UserRule_deny-vnet-in" && summary.dropped.rows[0].port == "1433"
    message   = "The rule that drops the web server's SQL"
  }
  assert {
    condition = alltrue([for r in summary.sql.rows : r.verdict == "denied" if r["source.address"] == "10.1.1.5" && r.denied > 0])
  }
}

run "again, which has nothing to do" {
  command = "plan --detailed-exitcode"
}
