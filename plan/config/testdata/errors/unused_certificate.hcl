provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  client_certificate_path = "client.pem" # ERROR: Unused attribute: Write credential = "client_certificate"
  service_connection_id   = "11111111-2222-3333-4444-555555555555" # ERROR: Unused attribute: credential = "default" does not use service_connection_id
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
