investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = contains(["internet", "vnett"], scope) # ERROR: Unknown value: Did you mean "vnet"?
  }
}
