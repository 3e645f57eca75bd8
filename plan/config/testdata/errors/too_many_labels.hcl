investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" "prod" { # ERROR: Too many labels: "prod" is one label too many
    tags = { role = "db" }
  }
}
