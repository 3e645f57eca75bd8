# A folder is one configuration, whose files are read in the order of their names.
investigation "from-folder" {
  reason = local.reason
  owner  = var.owner
  window = "1h"

  watch "vm" "web" {
    tags = { role = "web" }
  }
}
