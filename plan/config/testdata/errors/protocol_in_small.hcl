investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = protocol == "tcp" # ERROR: Unknown value: Did you mean "TCP"?
  }
}
