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
host "six" { addresses = ["2001:db8::1"] }
host "none" { # ERROR: No address
}
traffic "a" {
  from       = ["a"]
  to         = ["b"] # ERROR: Unknown machine, network or host
  protocol   = "sctp" # ERROR: Invalid protocol
  ports      = [70000] # ERROR: Invalid port
  app        = "quake" # ERROR: Invalid app
  every      = "0s" # ERROR: Invalid duration
  up         = "much" # ERROR: Invalid size
  spread     = 2 # ERROR: Invalid share
  encryption = "yes" # ERROR: Invalid encryption
}
traffic "b" {
  from     = ["h"]
  to       = ["h"] # ERROR: Nobody of this world
  protocol = "tcp"
  ports    = [80]
  every    = "1s"
}
traffic "c" {
  from     = ["a"]
  to       = ["six"] # ERROR: Not IPv4
  protocol = "tcp"
  ports    = [80]
  every    = "1s"
}
traffic "d" { # ERROR: No port
  from     = ["a"]
  to       = ["h"]
  protocol = "tcp"
  every    = "1s"
}
traffic "e" {
  from      = ["a"]
  to        = ["h"]
  protocol  = "tcp"
  ports     = [80]
  every     = "900us" # ERROR: Too often
  exchanges = -1 # ERROR: Invalid exchanges
}
host "many" { # ERROR: No address
  prefixes = ["192.0.2.0/24"]
  count    = 1000000 # ERROR: Invalid count
}
scale_set "big" {
  resource_group   = "rg"
  os               = "Linux"
  instances        = 2000 # ERROR: Invalid instances
  subnet           = "v/s"
  first_private_ip = "10.0.1.100"
}
