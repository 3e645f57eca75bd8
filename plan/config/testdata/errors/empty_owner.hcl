investigation "egress" {
  reason = "egress tripled"
  owner  = "" # ERROR: Missing owner
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
