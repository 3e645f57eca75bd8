investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  create_watchers = "perhaps" # ERROR: Wrong type: must be true or false
  watch "vm" "db" {
    tags = { role = "db" }
  }
}
