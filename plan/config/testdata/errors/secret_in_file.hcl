provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  credential      = "client_secret"
  client_secret   = "hunter2" # ERROR: Secret in a file: Set AZURE_CLIENT_SECRET, and write credential = "client_secret".
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
