# Every block and every attribute of the language, once.
engine "clickhouse" {
  addresses = ["ch1.example.com:9440", "ch2.example.com"]
  database  = "flowctl"
  cluster   = "flows"
  secure    = true
}

variable "ticket" {
  type        = string
  default     = "NET-7"
  description = "Where the answer goes."
  nullable    = false

  validation {
    condition     = can(regex("^NET-[0-9]+$", var.ticket))
    error_message = "A ticket looks like NET-7."
  }
}

variable "tenant" {
  type      = string
  default   = "contoso.example"
  sensitive = true
}

variable "sites" {
  type = map(object({
    group = string
    top   = optional(number, 5)
  }))
  default = {
    north = { group = "rg-north" }
    south = { group = "rg-south", top = 7 }
  }
}

locals {
  workspace = "${local.groups}/rg-log/providers/Microsoft.OperationalInsights/workspaces/law"
  groups    = "/subscriptions/${local.west}/resourceGroups"
  west      = "11111111-2222-3333-4444-555555555555"
  admins    = ["10.9.0.4", "10.9.0.5"]
}

provider "azure" {
  alias           = "west"
  subscription_id = local.west
  tenant_id       = var.tenant
  client_id       = "AAAAAAAA-2222-3333-4444-555555555555"
  environment     = "usgovernment"
  metadata_host   = "localhost:8443"
  credential      = "managed_identity"
}

provider "sandbox" {
  alias = "rehearsal"
  world = "worlds/two-hubs.world.hcl"
  clock = 0
  seed  = 42
}

investigation "everything" {
  reason = "every part of the language"
  owner  = "netops@example.com"
  ticket = upper(var.ticket)
  start  = "2026-11-12T14:00:00+01:00"
  end    = "2026-11-12T17:30:00Z"

  create_watchers = true

  budget {
    limit    = "12.50 EUR"
    log_rate = "2MB"
    prices   = "prices.json"
  }

  storage {
    account_id = "${local.groups}/rg-log/providers/Microsoft.Storage/storageAccounts/stwest"
  }

  storage {
    account_id = "${local.groups}/rg-log/providers/Microsoft.Storage/storageAccounts/steast"
  }

  watch "vnet" "hub" {
    provider = azure.west
    id       = "${local.groups}/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-hub"

    flow_log {
      retention_days = 7
      record_types   = ["end", "D", "continue"]

      filter {
        direction           = "outbound"
        source_address      = ["10.0.0.0/8", "2001:db8::1/64"]
        source_port         = "1024-65535"
        destination_address = "203.0.113.7"
        destination_port    = [443, "8080-8090"]
        protocol            = "tcp"
        encryption          = ["NX", "NX_FALLBACK"]
        action              = "allow"

        not {
          source_address = local.admins
        }
      }

      filter {
        protocol = "UDP"
      }

      traffic_analytics {
        workspace_id = local.workspace
        interval     = "10m"
      }
    }
  }

  watch "subnet" "web" {
    provider       = "west"
    name           = ["snet-web", "snet-api"]
    resource_group = "rg-net"
    vnet           = "vnet-web"
  }

  watch "nic" "appliance" {
    provider = azure.west
    tags = {
      role = "firewall"
      site = ""
    }
  }

  watch "nic" "northern" {
    provider = azure.west
    query    = "Resources | where location == 'northeurope' | project name, id"
  }

  watch "nsg" "site" {
    provider       = azure.west
    for_each       = var.sites
    name           = "nsg-${each.key}"
    resource_group = each.value.group
  }

  watch "vm" "db" {
    provider       = azure.west
    for_each       = toset(["db-1", "db-2"])
    name           = each.value
    resource_group = "rg-data"

    flow_log {}

    packet_capture {
      duration         = "1h30m"
      max_bytes        = "256MiB"
      bytes_per_packet = 0
      local_path       = "/var/captures/db.cap"
      agent            = "install"

      filter {
        protocol       = "TCP"
        local_address  = "10.2.0.0/24"
        local_port     = ["1433", "5432"]
        remote_address = "10.0.0.1-10.0.0.9"
        remote_port    = "1024-65535"
      }

      filter {
        local_address = ["10.2.0.4", "10.2.0.5"]
        protocol      = "any"
      }

      filter {
        remote_address = "10.7.0.4/32"
      }
    }
  }

  watch "vmss" "web" {
    provider = sandbox.rehearsal
    tags     = { role = "web" }

    packet_capture {
      include = [0, "3"]

      ring {
        files     = 4
        file_size = "10MB"
        duration  = "2h"
      }
    }
  }

  summarize "egress" {
    where = direction == "outbound" && !contains(local.admins, peer) && (destination.port == 443 || destination.port > 1023)
    by    = ["source.vm", "destination.service"]
    top   = var.sites.south.top
  }

  summarize "inside" {
    where = cidrcontains(["10.0.0.0/8", "192.168.0.0/16"], source.address) && scope == "VNet" && protocol == "tcp"
  }

  summarize "all" {
    by = "rule"
  }

  report {
    formats = ["html", "json"]
  }
}

investigation "second" {
  reason = "a file may ask several questions"
  owner  = "netops@example.com"
  window = "7d"

  watch "vnet" "hub" {
    provider = azure.west
    tags     = merge({ env = "prod" }, { tier = "hub" })
  }
}
