# A world in which much stands guard over what there is.
name         = "guarded"
epoch        = "2026-11-12T08:00:00Z"
seed         = 3
subscription = "33333333-2222-3333-4444-555555555555"
tenant       = "33333333-2222-3333-4444-666666666666"
regions      = ["westeurope", "northeurope"]
unregistered = ["microsoft.insights"]

resource_group "rg-free" {
  region = "westeurope"
}

resource_group "rg-locked" {
  region = "westeurope"
}

vnet "vnet-free" {
  resource_group = "rg-free"
  address_space  = ["10.0.0.0/16"]
  subnet "snet" {
    prefix = "10.0.1.0/24"
  }
}

vnet "vnet-locked" {
  resource_group = "rg-locked"
  address_space  = ["10.1.0.0/16"]
  subnet "snet" {
    prefix = "10.1.1.0/24"
  }
}

vm "vm-free" {
  resource_group = "rg-free"
  os             = "Linux"
  nic "nic-free" {
    subnet     = "vnet-free/snet"
    private_ip = "10.0.1.4"
  }
}

vm "vm-locked" {
  resource_group = "rg-locked"
  os             = "Linux"
  nic "nic-locked" {
    subnet     = "vnet-locked/snet"
    private_ip = "10.1.1.4"
  }
}

storage_account "stfree" {
  resource_group = "rg-free"
}

storage_account "stguarded" {
  resource_group        = "rg-free"
  public_network_access = "Enabled"
  versioning            = true
  soft_delete_days      = 7
  firewall {
    bypass  = ["AzureServices", "Metrics"]
    ips     = ["203.0.113.0/24"]
    subnets = ["vnet-free/snet"]
  }
  lifecycle_rule "expire" {
    prefixes          = ["insights-logs-flowlogflowevent/"]
    delete_after_days = 30
    cool_after_days   = 7
  }
  immutability {
    days = 90
  }
  container "evidence" {
    legal_hold = ["case-7"]
    immutability {
      days           = 365
      state          = "Locked"
      append_allowed = true
    }
  }
  container "plain" {}
}

storage_account "stclosed" {
  resource_group        = "rg-free"
  public_network_access = "Disabled"
  firewall {}
}

storage_account "stlocked" {
  resource_group = "rg-free"
}

lock "frozen" {
  scope = "rg-locked"
  level = "ReadOnly"
  notes = "audit"
}

lock "keep" {
  scope = "vm-free"
  level = "CanNotDelete"
}

lock "stone" {
  scope = "stlocked"
  level = "ReadOnly"
}
