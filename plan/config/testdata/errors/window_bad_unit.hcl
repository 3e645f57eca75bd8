investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2 hours" # ERROR: Invalid duration: write 2h

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
