provider "azure" {
  subscription_id = "production" # ERROR: Invalid ID: must be a GUID
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
