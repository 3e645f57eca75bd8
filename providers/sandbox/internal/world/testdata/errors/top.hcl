name         = "t"
epoch        = "yesterday" # ERROR: Invalid time
seed         = 1
subscription = "prod" # ERROR: Invalid GUID
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope"]
resource_group "rg" {
  region = "mars" # ERROR: Unknown region
}
