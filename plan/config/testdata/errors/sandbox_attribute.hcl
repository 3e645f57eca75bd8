provider "sandbox" {
  tenant_id = "x" # ERROR: Unknown attribute: in provider "sandbox"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
