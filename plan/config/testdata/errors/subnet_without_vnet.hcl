investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "subnet" "db" {
    name           = "default" # ERROR: Missing attribute: add vnet
    resource_group = "rg-net"
  }
}
