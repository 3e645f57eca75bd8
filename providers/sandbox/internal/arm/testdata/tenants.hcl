# Three subscriptions: two of one tenant, and a partner's in another. Groups,
# networks and machines of all three have the same names.
name         = "prod"
epoch        = "2026-11-12T08:00:00Z"
seed         = 6
subscription = "11111111-0000-4000-8000-000000000001"
tenant       = "aaaaaaaa-0000-4000-8000-000000000001"
regions      = ["westeurope"]

another_subscription "spoke" {
  id = "22222222-0000-4000-8000-000000000002"
}

another_subscription "partner" {
  id     = "33333333-0000-4000-8000-000000000003"
  tenant = "bbbbbbbb-0000-4000-8000-000000000002"
}

resource_group "rg" {
  region = "westeurope"
}

resource_group "rg" {
  subscription = "spoke"
  region       = "westeurope"
}

resource_group "rg" {
  subscription = "partner"
  region       = "westeurope"
}

network_watcher "nw" {
  resource_group = "partner/rg"
}

vnet "vnet" {
  resource_group = "prod/rg"
  address_space  = ["10.0.0.0/16"]
  peers          = ["spoke/rg/vnet"]
  subnet "snet" {
    prefix = "10.0.1.0/24"
  }
}

vnet "vnet" {
  resource_group = "spoke/rg"
  address_space  = ["10.1.0.0/16"]
  subnet "snet" {
    prefix = "10.1.1.0/24"
  }
}

vnet "vnet" {
  resource_group = "partner/rg"
  address_space  = ["10.2.0.0/16"]
  subnet "snet" {
    prefix = "10.2.1.0/24"
  }
}

storage_account "stprod" {
  resource_group = "prod/rg"
}

storage_account "stspoke" {
  resource_group = "spoke/rg"
}

storage_account "stpartner" {
  resource_group = "partner/rg"
}

vm "vm" {
  resource_group = "prod/rg"
  os             = "Linux"
  nic "nic" {
    subnet     = "prod/rg/vnet/snet"
    private_ip = "10.0.1.4"
  }
}

vm "vm" {
  resource_group = "spoke/rg"
  os             = "Linux"
  nic "nic" {
    subnet     = "spoke/rg/vnet/snet"
    private_ip = "10.1.1.4"
  }
}

traffic "chat" {
  from     = ["spoke/rg/vm"]
  to       = ["prod/rg/vm"]
  protocol = "tcp"
  ports    = [5432]
  every    = "10s"
}
