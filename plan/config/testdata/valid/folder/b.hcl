variable "owner" {
  default = "netops@example.com"
}

locals {
  reason = "parts may lie in several files"
}

provider "sandbox" {
  world = "world.hcl"
}
