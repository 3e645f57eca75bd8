# A flow log whose retention has to be undone, an agent that has to be brought,
# and a scale set.
provider "sandbox" {
  clock = 0
}

investigation "faults" {
  reason = "what goes wrong"
  owner  = "gate@example.com"
  window = "10m"

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
      duration  = "4m"
      max_bytes = "64KiB"
      agent     = "install"
    }
  }
  watch "vmss" "api" {
    name           = "vmss-api"
    resource_group = "rg-shop"
    packet_capture {
      duration  = "5m"
      max_bytes = "128KiB"
    }
  }
}
