investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    where = startwith(service, "h") # ERROR: Unknown function: Did you mean "startswith"?
  }
}
