investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    query = "" # ERROR: Invalid query: is empty
  }
}
