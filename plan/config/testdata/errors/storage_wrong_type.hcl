investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  storage {
    account_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-app/providers/Microsoft.Compute/virtualMachines/db" # ERROR: Wrong resource type: must be the id of a Microsoft.Storage/storageAccounts
  }

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
