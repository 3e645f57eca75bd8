# ERROR: No investigation: Add an investigation
variable "ticket" {
  default = "NET-1"
}
