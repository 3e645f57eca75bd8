investigation "egress" {
  reason = join("", [for i in range(1001) : "x"]) # ERROR: Text too long: has 1001 characters
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
