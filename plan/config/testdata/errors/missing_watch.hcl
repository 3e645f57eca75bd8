investigation "egress" { # ERROR: Missing watch: records nothing
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
}
