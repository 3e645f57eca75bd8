investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "120" # ERROR: Invalid duration: has no unit; write 120s, 120m or 120h

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
