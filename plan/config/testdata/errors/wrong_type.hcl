investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = ["2h"] # ERROR: Wrong type: window must be text, not a list

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
