provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  subscripton = "x" # ERROR: Unknown attribute: in provider "azure"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
