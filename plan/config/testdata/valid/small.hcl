# The least that is right: one machine, everything else at its default.
investigation "small" {
  reason = "who talks to the database?"
  owner  = "netops@example.com"
  window = "10m"

  watch "vm" "db" {
    name           = "vm-db"
    resource_group = "rg-data"
  }
}
