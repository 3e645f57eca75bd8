provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  credential = "managed-identity" # ERROR: Unknown credential: Did you mean "managed_identity"?
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
