investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = "${service}s" == "https" # ERROR: Unsupported condition: Compute everything else in locals
  }
}
