package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// oldWorld writes a world with 30 NSG flow logs, of three subnets in each of ten virtual
// networks: oldworld FILE. In the first a group stands before an interface as well, an admin
// rule takes some traffic, and one machine is behind no group.
func oldWorld(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	b.WriteString(`name         = "old"
epoch        = "2026-11-12T08:00:00Z"
seed         = 7
subscription = "5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d"
tenant       = "0f1e2d3c-4b5a-4968-8778-695a4b3c2d1e"
regions      = ["westeurope"]
resource_group "rg" {
  region = "westeurope"
}
storage_account "stold" {
  resource_group = "rg"
}
host "partner" {
  addresses = ["203.0.113.77"]
}
nsg "nsg-nic" {
  resource_group = "rg"
}
vm "vm-two" {
  resource_group = "rg"
  os             = "Linux"
  nic "nic-two" {
    subnet     = "vnet-0/s0"
    private_ip = "10.0.0.5"
    nsg        = "nsg-nic"
  }
}
vm "vm-open" {
  resource_group = "rg"
  os             = "Linux"
  nic "nic-open" {
    subnet     = "vnet-0/open"
    private_ip = "10.0.9.4"
  }
}
`)
	for v := range 10 {
		fmt.Fprintf(&b, "vnet \"vnet-%d\" {\n  resource_group = \"rg\"\n  address_space = [\"10.%d.0.0/16\"]\n", v, v)
		if v == 0 {
			b.WriteString("  subnet \"open\" {\n    prefix = \"10.0.9.0/24\"\n  }\n")
		}
		for s := range 3 {
			fmt.Fprintf(&b, "  subnet \"s%d\" {\n    prefix = \"10.%d.%d.0/24\"\n    nsg = \"nsg-%d-%d\"\n  }\n", s, v, s, v, s)
		}
		b.WriteString("}\n")
		for s := range 3 {
			fmt.Fprintf(&b, "nsg \"nsg-%d-%d\" {\n  resource_group = \"rg\"\n}\n", v, s)
			fmt.Fprintf(&b, "vm \"vm-%d-%d\" {\n  resource_group = \"rg\"\n  os = \"Linux\"\n  nic \"nic-%d-%d\" {\n    subnet = \"vnet-%d/s%d\"\n    private_ip = \"10.%d.%d.4\"\n  }\n}\n", v, s, v, s, v, s, v, s)
			fmt.Fprintf(&b, "flow_log \"old-%d-%d\" {\n  target = \"nsg-%d-%d\"\n  storage_account = \"stold\"\n  created = \"2026-11-11T06:00:00Z\"\n  retention_days = %d\n}\n", v, s, v, s, 30+60*s)
		}
		fmt.Fprintf(&b, "traffic \"t%d\" {\n  from = [\"vm-%d-0\"]\n  to = [\"vm-%d-1\", \"partner\"]\n  protocol = \"tcp\"\n  ports = [443]\n  every = \"30s\"\n  duration = \"40s\"\n}\n", v, v, v)
		fmt.Fprintf(&b, "traffic \"scan%d\" {\n  from = [\"partner\"]\n  to = [\"vm-%d-2\"]\n  protocol = \"tcp\"\n  ports = [22]\n  every = \"1m\"\n}\n", v, v)
	}
	b.WriteString(`admin_rules "baseline" {
  vnets = ["vnet-1"]
  rule "NoSSH" {
    priority  = 10
    direction = "Inbound"
    access    = "Deny"
    protocol  = "Tcp"
    sources   = ["Internet"]
    ports     = ["22"]
  }
}
traffic "into-two" {
  from     = ["vm-0-1"]
  to       = ["vm-two"]
  protocol = "tcp"
  ports    = [8080]
  every    = "30s"
}
traffic "plain" {
  from       = ["vm-2-0"]
  to         = ["vm-2-1"]
  protocol   = "tcp"
  ports      = [1433]
  every      = "30s"
  encryption = "NX_NOT_ACCEPTED"
}
`)
	b.WriteString("traffic \"two\" {\n  from = [\"vm-two\"]\n  to = [\"vm-0-1\", \"vm-open\"]\n  protocol = \"tcp\"\n  ports = [5432]\n  every = \"40s\"\n}\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}
