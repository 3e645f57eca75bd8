# The rehearsal of yesterday.hcl: the answer is there already, and nothing is created.

run "plan" {
  command = "plan"

  assert {
    condition = [for c in plan.changes : c.action] == ["reuse"]
  }
}

run "apply" {
  command = "apply"

  assert {
    condition = length(summary.egress.rows) == 10 && summary.egress.bytes > 0
  }
  assert {
    condition = length([for r in recordings : r.id if r.ours]) == 0
    message   = "Nothing was to be created"
  }
}
