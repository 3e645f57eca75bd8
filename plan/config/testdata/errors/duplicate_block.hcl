investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  report { formats = ["json"] }
  report { formats = ["html"] } # ERROR: Duplicate block: the first is on line 10
}
