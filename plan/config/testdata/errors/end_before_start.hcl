investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  start  = "2026-11-12T14:00:00Z"
  end    = "2026-11-12T13:00:00Z" # ERROR: Invalid window: is not after the start

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
