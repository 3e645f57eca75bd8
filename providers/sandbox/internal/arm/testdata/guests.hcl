# A world of networks in which more lives than machines.
name            = "guests"
epoch           = "2026-11-12T08:00:00Z"
seed            = 4
subscription    = "44444444-2222-3333-4444-555555555555"
tenant          = "44444444-2222-3333-4444-666666666666"
regions         = ["westeurope", "northeurope"]
without_watcher = ["northeurope"]

resource_group "rg" {
  region = "westeurope"
}

resource_group "rg-north" {
  region = "northeurope"
}

nsg "nsg-old" {
  resource_group = "rg"
}

vnet "vnet" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "snet-vm" {
    prefix = "10.0.1.0/24"
    nsg    = "nsg-old"
  }
  subnet "snet-web" {
    prefix      = "10.0.2.0/24"
    delegations = ["Microsoft.Web/serverFarms"]
  }
  subnet "snet-agw" {
    prefix = "10.0.3.0/24"
  }
  subnet "GatewaySubnet" {
    prefix = "10.0.4.0/24"
  }
}

vnet "vnet-north" {
  resource_group = "rg-north"
  address_space  = ["10.1.0.0/16"]
  subnet "snet" {
    prefix = "10.1.1.0/24"
  }
}

vm "vm-new" {
  resource_group = "rg"
  os             = "Linux"
  never_started  = true
  nic "nic-new" {
    subnet     = "vnet/snet-vm"
    private_ip = "10.0.1.4"
  }
}

vm "vm-bare" {
  resource_group = "rg"
  os             = "Linux"
  without_nic    = true
}

vm "vm-plain" {
  resource_group = "rg"
  os             = "Linux"
  agent          = false
  nic "nic-plain" {
    subnet     = "vnet/snet-vm"
    private_ip = "10.0.1.5"
  }
}

vm "vm-windows" {
  resource_group = "rg"
  os             = "Windows"
  agent          = false
  nic "nic-windows" {
    subnet     = "vnet/snet-vm"
    private_ip = "10.0.1.6"
  }
}

vm "vm-north" {
  resource_group = "rg-north"
  os             = "Linux"
  nic "nic-north" {
    subnet     = "vnet-north/snet"
    private_ip = "10.1.1.4"
  }
}

nic "nic-loose" {
  resource_group = "rg"
  subnet         = "vnet/snet-vm"
  private_ip     = "10.0.1.9"
}

scale_set "vmss-manual" {
  resource_group   = "rg"
  os               = "Linux"
  agent            = false
  instances        = 3
  stopped          = [2]
  subnet           = "vnet/snet-vm"
  first_private_ip = "10.0.1.20"
}

scale_set "vmss-auto" {
  resource_group   = "rg"
  os               = "Windows"
  agent            = false
  upgrade          = "Automatic"
  instances        = 1
  subnet           = "vnet/snet-vm"
  first_private_ip = "10.0.1.30"
}

scale_set "vmss-flex" {
  resource_group   = "rg"
  os               = "Linux"
  orchestration    = "Flexible"
  instances        = 2
  subnet           = "vnet/snet-vm"
  first_private_ip = "10.0.1.40"
}

gateway "agw" {
  resource_group = "rg"
  kind           = "application"
  subnet         = "vnet/snet-agw"
}

gateway "vgw" {
  resource_group = "rg"
  kind           = "express_route"
  subnet         = "vnet/GatewaySubnet"
}

storage_account "stguests" {
  resource_group = "rg"
}

storage_account "stnorth" {
  resource_group = "rg-north"
}

private_endpoint "pe-blob" {
  resource_group = "rg"
  subnet         = "vnet/snet-vm"
  private_ip     = "10.0.1.50"
  target         = "stguests"
}

flow_log "old" {
  target          = "nsg-old"
  storage_account = "stguests"
  created         = "2025-01-01T00:00:00Z"
}

policy "make-logs" {
  scope      = "subscription"
  definition = "deploy-vnet-flow-log"
  effect     = "DeployIfNotExists"
}

policy "no-logs" {
  scope        = "rg-north"
  definition   = "custom"
  display_name = "No flow logs in the north"
  effect       = "Deny"
}

quota "PacketCaptures" {
  region = "westeurope"
  limit  = 3
  used   = 2
}
