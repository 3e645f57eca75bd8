provider "azrue" {} # ERROR: Unknown provider: Did you mean "azure"?

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
