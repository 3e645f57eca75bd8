# What was the traffic before we looked? The security team keeps a flow log of vnet-web: it has the
# answer, and nothing is created.

provider "sandbox" {}

investigation "yesterday" {
  reason = "egress tripled before anybody looked"
  owner  = "netops@contoso.example"
  window = "3h"
  end    = "-2h"

  watch "vnet" "web" {
    name           = "vnet-web"
    resource_group = "rg-net"
  }

  summarize "egress" {
    where = direction == "outbound" && destination.scope == "internet"
    by    = ["source.vm", "destination.address"]
    top   = 10
  }
}
