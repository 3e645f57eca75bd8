provider "azure" {} # ERROR: Missing subscription: AZURE_SUBSCRIPTION_ID

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
