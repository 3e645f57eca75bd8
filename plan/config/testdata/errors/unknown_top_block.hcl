investigatoin "egress" { # ERROR: Unknown block: Did you mean "investigation"?
}
