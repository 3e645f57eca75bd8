investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "30s" # ERROR: Invalid window: it can be 1m to 7d

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
