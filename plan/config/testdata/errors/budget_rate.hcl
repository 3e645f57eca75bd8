investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  budget {
    log_rate = "fast" # ERROR: Invalid size: is not a size
  }
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
