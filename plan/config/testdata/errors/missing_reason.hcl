investigation "egress" { # ERROR: Missing reason: investigation "egress" needs reason
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
