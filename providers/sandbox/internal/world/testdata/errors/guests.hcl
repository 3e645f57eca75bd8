name            = "broken"
epoch           = "2026-11-12T08:00:00Z"
seed            = 1
subscription    = "11111111-2222-3333-4444-555555555555"
tenant          = "11111111-2222-3333-4444-555555555555"
regions         = ["westeurope"]
without_watcher = ["westeurope"]

resource_group "rg" {
  region = "westeurope"
}

vnet "net" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "a" {
    prefix      = "10.0.0.0/24"
    delegations = ["WebApps"] # ERROR: Invalid delegation
  }
}

storage_account "stlogs" {
  resource_group = "rg"
}

flow_log "old" {
  target          = "net" # ERROR: No watcher
  storage_account = "stlogs"
  created         = "2026-11-01T00:00:00Z"
}

vm "new" {
  resource_group = "rg"
  os             = "Linux"
  power          = "running" # ERROR: Contradiction
  never_started  = true
  nic "nic-new" {
    subnet     = "net/a"
    private_ip = "10.0.0.4"
  }
}

vm "both" {
  resource_group = "rg"
  os             = "Linux"
  without_nic    = true # ERROR: Contradiction
  nic "nic-both" {
    subnet     = "net/a"
    private_ip = "10.0.0.5"
  }
}

nic "loose" {
  resource_group = "rg"
  subnet         = "net/a"
  private_ip     = "10.0.0.5" # ERROR: Taken twice
}

scale_set "set" {
  resource_group   = "rg"
  os               = "Linux"
  instances        = 2
  stopped          = [2] # ERROR: Unknown instance
  orchestration    = "Free" # ERROR: Invalid orchestration
  upgrade          = "Never" # ERROR: Invalid upgrade
  subnet           = "net/a"
  first_private_ip = "10.0.0.10"
}

gateway "gw" {
  resource_group = "rg"
  kind           = "garden" # ERROR: Invalid kind
  subnet         = "net/a"
}

private_endpoint "pe" {
  resource_group = "rg"
  subnet         = "net/b" # ERROR: Unknown subnet
  private_ip     = "10.0.0.20"
  target         = "nothing" # ERROR: Unknown resource or resource group
}

policy "p" {
  scope      = "subscription"
  definition = "deploy-everything" # ERROR: Unknown policy definition
}

policy "q" {
  scope      = "rg"
  definition = "audit-vnet-flow-log"
  effect     = "Explode" # ERROR: Invalid effect
}

quota "PacketCaptures" {
  region = "eastus" # ERROR: Unknown region
  limit  = -1       # ERROR: Invalid quota
}

fleet "tight" {
  resource_group = "rg"
  address_space  = "10.0.0.0/24" # ERROR: Too small
  vnets          = 16
  vms            = 1000
}

fleet "none" {
  resource_group = "rg"
  address_space  = "10.0.0.0/24"
  vnets          = 0 # ERROR: Invalid fleet
}

fleet "nowhere" {
  resource_group = "rg"
  address_space  = "everywhere" # ERROR: Invalid prefix
  vnets          = 1
}
