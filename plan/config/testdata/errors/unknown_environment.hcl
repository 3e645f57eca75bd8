provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  environment = "publik" # ERROR: Unknown environment: Did you mean "public"?
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
