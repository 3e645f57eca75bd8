investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2 hours" # ERROR: Invalid duration: such as 90s, 10m, 1h30m or 2d

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
