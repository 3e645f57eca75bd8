# The rehearsal of encryption.hcl, for less time than it watches by itself.

variables = { minutes = 15 }

run "apply" {
  command = "apply"

  assert {
    condition = plan.window_hours == 0.25
  }
  assert {
    condition = contains([for r in summary.plain-inside.rows : "${r["source.vm"]} to ${r["destination.vm"]}"], "vm-report-1 to vm-db-1")
  }
}
