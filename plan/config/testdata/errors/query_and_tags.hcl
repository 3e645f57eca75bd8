investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    tags  = { role = "db" }
    query = "Resources" # ERROR: Several selectors: this one has tags and query
  }
}
