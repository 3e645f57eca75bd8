investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "a" {
    by = ["port"]
  }
  summarize "a" { # ERROR: Duplicate name: second summary
    by = ["rule"]
  }
}
