investigation "egress" { # ERROR: Missing window: start and end go together
  reason = "egress tripled"
  owner  = "netops@example.com"
  start = "2026-11-12T14:00:00Z"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
