investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
  report {
    formats = ["markdwon", "json"] # ERROR: Unknown format: Did you mean "markdown"?
  }
}
