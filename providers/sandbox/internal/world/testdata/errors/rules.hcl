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
nsg "n" {
  resource_group = "rg"
  rule "a" {
    priority  = 100
    direction = "inbound" # ERROR: Invalid direction
    access    = "Permit" # ERROR: Invalid access
    protocol  = "SCTP" # ERROR: Invalid protocol
    sources   = ["Strage"] # ERROR: Unknown address
    ports     = ["22-"] # ERROR: Invalid port
  }
  rule "b" {
    priority  = 5000 # ERROR: Invalid priority
    direction = "Inbound"
    access    = "Deny"
  }
  rule "c" {
    priority  = 200
    direction = "Outbound"
    access    = "Deny"
  }
  rule "d" {
    priority  = 200 # ERROR: Priority taken
    direction = "Outbound"
    access    = "Deny"
  }
}
