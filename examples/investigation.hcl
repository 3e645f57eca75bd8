# Egress tripled on 12 November. Who sends what, where to?
#
# Without a provider block all of this happens in flowctl's sandbox: an Azure
# in the process, with a subscription to look at, whose clock runs 600 times
# as fast as ours. The two hours below pass in twelve seconds.
#
#   flowctl plan  examples/investigation.hcl
#   flowctl apply examples/investigation.hcl

variable "ticket" {
  type        = string
  default     = "OPS-4711"
  description = "Where the people who asked read the answer."

  validation {
    condition     = can(regex("^OPS-[0-9]+$", var.ticket))
    error_message = "A ticket looks like OPS-4711."
  }
}

investigation "egress-spike" {
  reason = "egress tripled on 12 November, and the cost report does not say who"
  owner  = "netops@contoso.example"
  ticket = var.ticket
  window = "2h"

  # Where Azure writes. It must be in the region of what is watched.
  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  # The hub and both spokes. The security team logs vnet-web already: its flow
  # log is read and left alone.
  watch "vnet" "network" {
    name           = ["vnet-hub", "vnet-web", "vnet-data"]
    resource_group = "rg-net"
  }

  # What the databases' security group decides, as a view on the flow logs above.
  watch "nsg" "db" {
    name           = "nsg-db"
    resource_group = "rg-net"
  }

  # What leaves the machines that nobody looks at. 256 bytes of each packet are
  # enough for addresses, ports and the server name of a TLS handshake.
  watch "vm" "batch" {
    name           = ["vm-build-1", "vm-report-1"]
    resource_group = "rg-data"

    packet_capture {
      duration         = "10m"
      max_bytes        = "8MiB"
      bytes_per_packet = 256

      filter {
        protocol    = "TCP"
        remote_port = "443"
      }
    }
  }

  # Every machine with the tag, name resolution only.
  watch "vm" "dns" {
    tags = { role = "report" }

    packet_capture {
      duration         = "30m"
      max_bytes        = "1MiB"
      bytes_per_packet = 0

      filter {
        protocol    = "UDP"
        remote_port = "53"
      }
    }
  }

  summarize "egress" {
    where = remote.scope == "internet"
    by    = ["local.vm", "remote.address", "service"]
    order = "-left"
    top   = 10
  }

  summarize "plaintext-sql" {
    where = contains(["mssql", "postgresql"], service) && encryption != "X" && verdict == "allowed"
    by    = ["source.vm", "destination.vm", "encryption"]
  }

  summarize "refused-by-db" {
    where = verdict == "denied" && acl == "nsg-db"
    by    = ["source.address", "destination.vm", "port", "rule"]
  }

  report {
    formats = ["html", "markdown", "json"]
  }
}
