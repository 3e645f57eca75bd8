investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vmms" "db" { # ERROR: Unknown kind: Did you mean "vmss"?
    tags = { role = "db" }
  }
}
