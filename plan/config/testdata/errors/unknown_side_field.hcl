investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = source.host == "db" # ERROR: Unknown field: Flows have no field "source.host"
  }
}
