investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }

  summarize "egress" {
    by = ["source.vm", "destination.servce"] # ERROR: Unknown field: Did you mean "destination.service"?
  }
}
