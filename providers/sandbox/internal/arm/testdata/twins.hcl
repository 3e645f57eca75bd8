# Two groups whose networks, rules, machines and interfaces have the same names
# and the same addresses.
name         = "twins"
epoch        = "2026-11-12T08:00:00Z"
seed         = 9
subscription = "11111111-0000-4000-8000-000000000001"
tenant       = "aaaaaaaa-0000-4000-8000-000000000001"
regions      = ["westeurope"]

resource_group "rg-a" {
  region = "westeurope"
}
resource_group "rg-b" {
  region = "westeurope"
}
storage_account "sttwins" {
  resource_group = "rg-a"
}
nsg "nsg" {
  resource_group = "rg-a"
}
nsg "nsg" {
  resource_group = "rg-b"
  rule "deny-mail" {
    priority  = 100
    direction = "Outbound"
    access    = "Deny"
    ports     = ["25"]
  }
}
vnet "vnet" {
  resource_group = "rg-a"
  address_space  = ["10.0.0.0/16"]
  tags           = { twin = "yes" }
  subnet "snet" {
    prefix = "10.0.1.0/24"
    nsg    = "rg-a/nsg"
  }
}
vnet "vnet" {
  resource_group = "rg-b"
  address_space  = ["10.0.0.0/16"]
  tags           = { twin = "yes" }
  subnet "snet" {
    prefix = "10.0.1.0/24"
    nsg    = "rg-b/nsg"
  }
}
vm "web" {
  resource_group = "rg-a"
  os             = "Linux"
  tags           = { twin = "yes" }
  nic "nic" {
    subnet     = "rg-a/vnet/snet"
    private_ip = "10.0.1.4"
  }
}
vm "web" {
  resource_group = "rg-b"
  os             = "Linux"
  tags           = { twin = "yes" }
  nic "nic" {
    subnet     = "rg-b/vnet/snet"
    private_ip = "10.0.1.4"
  }
}
host "mail" {
  addresses = ["203.0.113.25"]
}
traffic "a" {
  from     = ["rg-a/web"]
  to       = ["mail"]
  protocol = "tcp"
  ports    = [25]
  every    = "10s"
  up       = "1kB"
}
traffic "b" {
  from     = ["rg-b/web"]
  to       = ["mail"]
  protocol = "tcp"
  ports    = [25, 443]
  every    = "20s"
  up       = "2kB"
}
