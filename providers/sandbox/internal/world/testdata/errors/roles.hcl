name         = "t"
epoch        = "2026-01-01T00:00:00Z"
seed         = 1
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope"]

resource_group "rg" { region = "westeurope" }
vnet "v" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "s" { prefix = "10.0.1.0/24" }
}

role "Readr" { # ERROR: Unknown role of Azure
}
role "Reader" { # ERROR: Azure's own role
  actions = ["*"]
}
role "Owner" {
  scope = "rgg" # ERROR: Unknown resource or resource group
}
role "mine" {
  actions = ["flow logs"] # ERROR: Invalid action
}
role "less" {
  not_actions = ["Microsoft.Network/*"] # ERROR: Nothing to exclude from
}

throttle "readings" { # ERROR: Unknown kind of limit
  bucket = 1
  refill = 1
}
throttle "reads" {
  bucket = 0 # ERROR: Invalid bucket
  refill = 0 # ERROR: Invalid refill
}
throttle "reads" { # ERROR: Defined twice
  bucket = 1
  refill = 1
}
