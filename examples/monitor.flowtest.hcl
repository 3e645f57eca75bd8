# What is to come of monitor.hcl, tried in the sandbox before anybody approves it:
#
#   flowctl test examples/monitor.flowtest.hcl

run "one log of the subnet, and nothing else" {
  command = "plan"

  assert {
    condition = [for c in plan.changes : "${c.action} ${c.mechanism} ${c.target.name}"] == ["create flow_log snet-db"]
    message   = "The auditors asked for the data bases alone"
  }
}

run "set up" {
  command = "apply"

  assert {
    condition = length([for r in recordings : r if r.ours]) == 1
  }
}

run "a day later, the report" {
  pass    = "25h"
  command = "apply --continue"

  assert {
    condition = summary.clients.rows[0].port == "1433"
    message   = "SQL is what data bases are asked for"
  }
  assert {
    condition = expect.no-desktop.outcome == "met"
  }
}

run "somebody deletes the log" {
  request {
    method = "DELETE"
    id     = [for r in recordings : r.id if r.ours][0]
  }
  pass    = "2h"
  command = "plan --detailed-exitcode"
  status  = 2

  assert {
    condition = plan.changes[0].action == "create"
  }
}

run "the scheduler makes it again" {
  command = "apply --continue"

  assert {
    condition = [for r in recordings : r.enabled if r.ours] == [true]
  }
}

run "the next report names the gap" {
  pass    = "24h"
  command = "apply --continue"

  assert {
    condition = contains([for c in coverage : c.code], "recording-changed")
  }
}
