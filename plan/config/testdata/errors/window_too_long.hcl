investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "8d" # ERROR: Invalid window: The window is 8d

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
