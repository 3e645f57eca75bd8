name         = "broken"
epoch        = "2026-11-12T08:00:00Z"
seed         = 1
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope"]
unregistered = ["insights"] # ERROR: Invalid resource provider

resource_group "same" {
  region = "westeurope"
}

vnet "same" {
  resource_group = "same"
  address_space  = ["10.0.0.0/16"]
  subnet "a" {
    prefix = "10.0.0.0/24"
  }
}

lock "twice" {
  scope = "subscription"
  level = "ReadOnly"
}

lock "twice" { # ERROR: Taken twice
  scope = "subscription"
  level = "ReadOnly"
}

lock "unclear" {
  scope = "same" # ERROR: Ambiguous name
  level = "ReadOnly"
}

lock "nowhere" {
  scope = "same/b"   # ERROR: Unknown resource or resource group
  level = "ReadWrite" # ERROR: Invalid level
}

lock "elsewhere" {
  scope = "/subscriptions/22222222-2222-3333-4444-555555555555" # ERROR: Outside the subscription
  level = "CanNotDelete"
}

storage_account "stone" {
  resource_group        = "same"
  sku                   = "Gold_LRS" # ERROR: Invalid sku
  kind                  = "StorageV3" # ERROR: Invalid kind
  public_network_access = "Sometimes" # ERROR: Invalid public_network_access
  soft_delete_days      = 366 # ERROR: Invalid days

  firewall {
    default = "Refuse"       # ERROR: Invalid default
    bypass  = ["Everything"] # ERROR: Invalid bypass
    ips     = ["10.0.0.300"] # ERROR: Invalid address
    subnets = ["same/c"]     # ERROR: Unknown subnet
  }
  lifecycle_rule "idle" { # ERROR: Rule without action
  }
  lifecycle_rule "long" {
    delete_after_days = 1
    prefixes          = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"] # ERROR: Too many prefixes
  }
  lifecycle_rule "past" {
    delete_after_days = -1 # ERROR: Invalid days
  }
  immutability {
    days  = 0       # ERROR: Invalid days
    state = "Solid" # ERROR: Invalid state
  }
  container "A" { # ERROR: Invalid container name
  }
}

storage_account "sttwo" {
  resource_group = "same"
  kind           = "BlockBlobStorage" # ERROR: Kind and SKU do not go together
}
