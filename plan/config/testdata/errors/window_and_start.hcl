investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h" # ERROR: Conflicting attributes: not both
  start  = "2026-11-12T14:00:00Z"
  end    = "2026-11-12T16:00:00Z"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
