name         = "t"
epoch        = "2026-01-01T00:00:00Z"
seed         = 1
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope", "northeurope"]

resource_group "rg" { region = "westeurope" }
vnet "v" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "s" { prefix = "10.0.1.0/24" }
}
vm "a" {
  resource_group = "rg"
  os             = "Linux"
  nic "a" {
    subnet     = "v/s"
    private_ip = "10.0.1.4"
  }
}
host "h" { addresses = ["192.0.2.1"] }
vm "b" {
  resource_group = "rg"
  os             = "Linux"
  nic "b" {
    subnet     = "v/s"
    private_ip = "10.0.1.4" # ERROR: Taken twice
  }
}
vm "c" {
  resource_group = "rg"
  os             = "Linux"
  nic "c" {
    subnet     = "v/s"
    private_ip = "10.0.2.4" # ERROR: Outside the subnet
  }
}
vm "d" {
  resource_group = "rg"
  os             = "Linux"
  nic "d" {
    subnet     = "v/s"
    private_ip = "ten" # ERROR: Invalid address
  }
}
vm "e" {
  resource_group = "rg"
  region         = "northeurope"
  os             = "Linux"
  nic "e" {
    subnet     = "v/s" # ERROR: Other region
    private_ip = "10.0.1.9"
  }
}
