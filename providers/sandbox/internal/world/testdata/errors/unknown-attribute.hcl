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
  color          = "blue" # ERROR: Unsupported argument
}
