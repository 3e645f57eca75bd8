investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  storage { # ERROR: Missing attribute: needs account_id
  }

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
