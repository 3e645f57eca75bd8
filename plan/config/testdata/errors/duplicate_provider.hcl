provider "azure" {
  subscription_id = "11111111-2222-3333-4444-555555555555"
}

provider "azure" { # ERROR: Duplicate name: Give one of them an alias
  subscription_id = "11111111-2222-3333-4444-666666666666"
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
