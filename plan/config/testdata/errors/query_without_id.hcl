investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  watch "vm" "db" {
    query = "Resources | where name == 'db' | project name, location" # ERROR: Invalid query: leaves out the id
  }
}
