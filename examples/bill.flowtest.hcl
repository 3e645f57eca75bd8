# The rehearsal of bill.hcl.

run "apply" {
  command = "apply"

  assert {
    condition = summary.bill.rows[0].price_class == "peering-global"
    message   = "What goes to another region costs most"
  }
  assert {
    condition = contains([for c in coverage : c.code], "cost")
  }
}
