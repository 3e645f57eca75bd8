# Which traffic makes the bill, and what does it cost? Public addresses get their
# names, and so their price class, from Azure's list of service tags:
#
#   flowctl apply --service-tags ServiceTags_Public_20251028.json examples/bill.hcl

investigation "bill" {
  reason = "the outbound bill tripled, and nobody knows by what"
  owner  = "netops@contoso.example"
  window = "20m"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "vnet" "data" {
    name           = "vnet-data"
    resource_group = "rg-net"
  }

  # Who is behind addresses that are of no service of Azure's.
  dictionary = {
    "203.0.113.0/24" = "Example Hosting"
  }

  # An estimate: IP bytes at list prices, by whoever pays for them.
  summarize "bill" {
    by    = ["local.vm", "remote.name", "remote.service_tag", "remote.region", "price_class", "rule"]
    order = "-cost"
  }
}
