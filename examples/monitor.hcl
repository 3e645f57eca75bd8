# A standing watch, reviewed like code: what talks to the data bases, day by day. Set it
# up with flowctl apply, and have flowctl collect make the reports on a schedule.
monitor "db" {
  reason  = "the auditors want to know who talks to the data bases"
  owner   = "netops@contoso.example"
  ticket  = "AUD-12"
  every   = "24h"
  compare = "previous"
  keep    = "90d"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "subnet" "db" {
    name           = "snet-db"
    vnet           = "vnet-data"
    resource_group = "rg-net"
  }

  summarize "clients" {
    where = verdict == "allowed" && direction == "inbound"
    by    = ["source.address", "destination.address", "port"]
    top   = 20
  }
  summarize "refused" {
    where = verdict == "denied"
    by    = ["source.address", "destination.address", "port"]
    top   = 20
  }
  summarize "desktop" {
    where = port == 3389 && verdict == "allowed" && source.vm != "vm-jump"
    by    = ["source.address", "destination.address"]
  }
  expect "no-desktop" {
    condition = summary.desktop.flows == 0
    message   = "Remote Desktop reached a data base, and not from the jump host"
  }
}
