locals {
  a = local.b # ERROR: Cyclic locals: local.a → local.b → local.c → local.a
  b = "${local.c}-b"
  c = [local.a]
  d = local.a
}

investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"
  ticket = local.d

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
