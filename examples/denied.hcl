# Which rule drops this? The web servers get no answer from the database.
#
#   flowctl apply examples/denied.hcl

investigation "sql-timeouts" {
  reason = "vm-web-2 times out against vm-db-1 since the new rules"
  owner  = "netops@contoso.example"
  window = "30m"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  # Azure makes no new NSG flow logs. What the group guards is logged instead,
  # and of that the flows that the group decided are kept.
  watch "nsg" "db" {
    name           = "nsg-db"
    resource_group = "rg-net"
  }

  # The other end: what leaves the web servers, and what comes back.
  watch "nic" "web" {
    name           = ["nic-web-1", "nic-web-2"]
    resource_group = "rg-shop"
  }

  summarize "dropped" {
    where = verdict == "denied" && cidrcontains("10.0.0.0/8", source.address)
    by    = ["source.address", "destination.vm", "port", "acl", "rule"]
  }

  summarize "sql" {
    where = port == 1433
    by    = ["source.address", "destination.vm", "verdict"]
  }
}
