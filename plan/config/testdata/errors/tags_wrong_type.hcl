investigation "egress" {
  reason = "egress tripled"
  owner  = "netops@example.com"
  window = "2h"

  watch "vm" "db" {
    tags = ["db"] # ERROR: Wrong type: tags must be a map of texts
  }
}
