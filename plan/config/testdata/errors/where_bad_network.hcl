investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = cidrcontains("10.0.0.0", source.address) # ERROR: Invalid address: is not a network such as
  }
}
