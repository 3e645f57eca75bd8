investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "subnet" "db" {
    tags = { role = "db" } # ERROR: Conflicting attributes: Subnets have no tags in Azure
  }
}
