reason = "egress tripled" # ERROR: Unknown attribute: There is no attribute "reason" in a file
