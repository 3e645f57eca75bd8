investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  storage {
    account_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-log/providers/Microsoft.Storage/storageAccounts/stlogs"
  }
  storage {
    account_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-log/providers/Microsoft.Storage/storageAccounts/STLOGS" # ERROR: Duplicate storage: on line 7
  }

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
