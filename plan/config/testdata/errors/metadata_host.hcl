provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  metadata_host = "https://localhost:8443/" # ERROR: Invalid host: without https://
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
