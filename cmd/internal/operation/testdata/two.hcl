# What lasts, so that others meet it.
provider "sandbox" {
  clock = 0
}

investigation "two" {
  reason = "one question"
  owner  = "gate@example.com"
  window = "15m"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "subnet" "db" {
    name           = "snet-db"
    vnet           = "vnet-data"
    resource_group = "rg-net"
    flow_log {
      retention_days = 3
    }
  }
  watch "vm" "app" {
    name           = "vm-app-2"
    resource_group = "rg-shop"
    packet_capture {
      duration  = "8m"
      max_bytes = "64MiB"
      agent     = "install"
    }
  }
  watch "vm" "build" {
    name           = "vm-build-1"
    resource_group = "rg-data"
    packet_capture {
      duration  = "8m"
      max_bytes = "64MiB"
    }
  }
}
