investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = source.address == "10.0.0.0/8" # ERROR: Invalid address: Write cidrcontains("10.0.0.0/8", source.address)
  }
}
