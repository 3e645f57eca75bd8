investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  start  = "2026-11-12 14:00" # ERROR: Invalid time: RFC 3339
  end    = "2026-11-12T16:00:00Z"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
