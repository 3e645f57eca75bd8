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

  watch "vm" "db" {
    provider = sandbox.west # ERROR: Unknown provider: and the type sandbox
    tags     = { role = "db" }
  }
}
