investigation "egress" {
  reason = "egress tripled"
  owner  = "net\nops" # ERROR: Invalid text: one line
  window = "2h"

  watch "vm" "db" {
    tags = { role = "db" }
  }
}
