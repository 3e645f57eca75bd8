name         = "t" # ERROR: Missing required argument
epoch        = "2026-01-01T00:00:00Z"
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope"]
