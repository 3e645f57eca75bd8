name         = "t"
epoch        = "2026-01-01T00:00:00Z"
seed         = 1
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-555555555555"
regions      = ["westeurope"]

resource_group "rg" { region = "westeurope" }
vnet "v" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "s" { prefix = "10.0.1.0/24" }
}

fault "b" {
  operation = "flow_log.read"
  code      = "Odd" # ERROR: No status
}
fault "c" { # ERROR: No code
  operation = "flow_log.read"
}
fault "f" {
  operation   = "*"
  code        = "InternalServerError"
  probability = 1.5 # ERROR: Invalid probability
  region      = "mars" # ERROR: Unknown region
}
fault "g" {
  operation   = "blob.get"
  effect      = "reset"
  nth         = [1] # ERROR: Two conditions
  probability = 0.5
}
fault "h" { # ERROR: No delay
  operation = "blob.get"
  effect    = "slow"
  nth       = [0] # ERROR: Invalid call
  times     = 0 # ERROR: Invalid times
}
fault "i" { # ERROR: No other target
  operation = "flow_log.create"
  effect    = "other_target"
}
fault "j" {
  operation    = "flow_log.create"
  effect       = "other_target"
  other_target = "vv" # ERROR: Unknown vnet, subnet or network interface
}
fault "k" { # ERROR: No extent
  operation = "flow_log.record"
  effect    = "short"
}
fault "l" {
  operation = "packet_capture.upload"
  effect    = "short"
  blocks    = 1 # ERROR: Not used
}
fault "m" { # ERROR: Not a call
  operation = "packet_capture.upload"
  effect    = "never"
  times     = 1
}
fault "n" {
  operation = "flow_log.create"
  effect    = "resett" # ERROR: Unknown effect
}
fault "o" {
  operation = "flow_log.create"
  effect    = "reset"
  after     = "soon" # ERROR: Invalid time
  code      = "X" # ERROR: Not used
  delay     = "1s" # ERROR: Not used
}
fault "p" {
  operation = "flow_log.create"
  effect    = "reset"
  after     = "2h"
  until     = "1h" # ERROR: Invalid time
}
fault "q" {
  operation   = "flow_log.create"
  status      = 200 # ERROR: Invalid status
  code        = "Fine"
  retry_after = "0s" # ERROR: Invalid duration
}
fault "q" { # ERROR: Defined twice
  operation = "flow_log.create"
  code      = "TooManyRequests"
}
