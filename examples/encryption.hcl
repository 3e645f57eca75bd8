# Is it encrypted? Which conversations inside the networks are not, and why.
#
#   flowctl apply --var minutes=20 examples/encryption.hcl

variable "minutes" {
  type        = number
  default     = 30
  description = "How long to watch."

  validation {
    condition     = var.minutes >= 10 && var.minutes <= 600
    error_message = "Watch for 10 to 600 minutes."
  }
}

locals {
  vnets = {
    hub  = "vnet-hub"
    data = "vnet-data"
  }
}

investigation "encryption" {
  reason = "audit: traffic between machines must be encrypted"
  owner  = "security@contoso.example"
  window = "${var.minutes}m"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "vnet" "spoke" {
    for_each       = local.vnets
    name           = each.value
    resource_group = "rg-net"
  }

  # X is encrypted; NX_FALLBACK wanted to be and could not.
  summarize "plain-inside" {
    where = contains(["vnet", "peered"], scope) && encryption != "X" && verdict == "allowed"
    by    = ["source.vm", "destination.vm", "service", "encryption"]
    top   = 15
  }

  report {
    formats = ["markdown", "html", "json"]
  }
}
