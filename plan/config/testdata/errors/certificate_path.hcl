provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  credential              = "client_certificate"
  client_certificate_path = "" # ERROR: Invalid path: client_certificate_path is empty
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
