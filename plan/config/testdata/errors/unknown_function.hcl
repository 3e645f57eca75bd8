investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = uper("net-1") # ERROR: Unknown function: Did you mean "upper"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
