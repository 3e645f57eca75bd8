# An empty set makes no watch, and that is no mistake.
variable "hosts" {
  type    = set(string)
  default = []
}

investigation "later" {
  reason = "hosts are named when it is time"
  owner  = "netops@example.com"
  window = "1h"

  watch "vm" "host" {
    for_each       = var.hosts
    name           = each.key
    resource_group = "rg-app"
  }
}
