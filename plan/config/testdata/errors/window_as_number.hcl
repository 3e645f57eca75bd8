investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = 120 # ERROR: Invalid duration: has no unit

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
