provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
  alias           = "west"
}

provider "azure" {
  subscription_id = "11111111-2222-3333-4444-666666666666"
  alias           = "east"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" { # ERROR: No provider chosen: There are 2 providers (west, east)
    tags = { role = "db" }
  }
}
