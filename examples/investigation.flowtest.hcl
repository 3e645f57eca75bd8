# The rehearsal of investigation.hcl: what it records, who was found, and that nothing stays behind.

variables = { ticket = "OPS-1" }

run "what would be recorded" {
  command = "plan"

  assert {
    condition = plan.ticket == "OPS-1"
  }
  assert {
    condition = alltrue([for c in plan.changes : c.capture.minutes <= 30 if c.capture != null])
    message   = "Captures are short"
  }
}

run "the run" {
  command = "apply"

  assert {
    condition = summary.egress.rows[0]["local.vm"] == "vm-report-1" && summary.egress.rows[0]["remote.address"] == "203.0.113.77"
    message   = "The report server is what egress is about"
  }
  assert {
    condition = contains([for r in summary.refused-by-db.rows : r.rule], "UserRule_deny-vnet-in")
  }
  assert {
    condition = length([for r in recordings : r.id if r.ours]) == 0
    message   = "Nothing that flowctl made stays behind"
  }
}
