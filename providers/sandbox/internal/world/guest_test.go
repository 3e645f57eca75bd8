package world

import (
	"fmt"
	"strings"
	"testing"
)

// small is a world of one group and VNet, and what more says.
func small(t testing.TB, more string) *World {
	t.Helper()
	src := `
name         = "small"
epoch        = "2026-11-12T08:00:00Z"
seed         = 1
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "11111111-2222-3333-4444-666666666666"
regions      = ["westeurope"]
resource_group "rg" {
  region = "westeurope"
}
vnet "net" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "a" {
    prefix = "10.0.0.0/24"
  }
}
`
	w, err := Parse("small.hcl", []byte(src+more))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWithoutMAC finds the interfaces that have no MAC yet.
func TestWithoutMAC(t *testing.T) {
	w := small(t, `
vm "vm-new" {
  resource_group = "rg"
  os             = "Linux"
  never_started  = true
  nic "nic-new" {
    subnet     = "net/a"
    private_ip = "10.0.0.4"
  }
}
vm "vm-bare" {
  resource_group = "rg"
  os             = "Linux"
  without_nic    = true
}
nic "nic-loose" {
  resource_group = "rg"
  subnet         = "net/a"
  private_ip     = "10.0.0.5"
}
private_endpoint "pe" {
  resource_group = "rg"
  subnet         = "net/a"
  private_ip     = "10.0.0.6"
  target         = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.Sql/servers/sql"
  group_id       = "sqlServer"
}
scale_set "flex" {
  resource_group   = "rg"
  os               = "Linux"
  orchestration    = "Flexible"
  instances        = 2
  stopped          = [1]
  subnet           = "net/a"
  first_private_ip = "10.0.0.7"
}
`)
	var got []string
	for _, n := range w.NICs {
		got = append(got, fmt.Sprintf("%s mac=%v running=%v machine=%v", strings.Split(n.Name, ".")[0], n.MAC != "", n.Running(), n.Machine() != ""))
	}
	want := []string{
		"nic-new mac=false running=false machine=true", "nic-flex_0 mac=true running=true machine=true", "nic-flex_1 mac=true running=false machine=true",
		"nic-loose mac=false running=false machine=false", "pe mac=false running=false machine=false",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("interfaces\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	set := w.ScaleSets[0]
	if len(set.Instances) != 0 || len(set.Machines) != 2 || set.Machines[1].Set != set || w.VMs[0].Power != "stopped" || w.VMs[0].Agent {
		t.Errorf("set %d instances, %d machines; %s is %s", len(set.Instances), len(set.Machines), w.VMs[0].Name, w.VMs[0].Power)
	}
}

func TestFleet(t *testing.T) {
	w := small(t, `
fleet "app" {
  resource_group = "rg"
  address_space  = "10.64.0.0/16"
  vnets          = 3
  vms            = 10
  tags           = { fleet = "app" }
}
`)
	last := w.VMs[9]
	if len(w.VNets) != 4 || len(w.VMs) != 10 || last.Name != "vm-app-00009" || last.NICs[0].Private.String() != "10.64.0.7" {
		t.Errorf("%d VNets, %d machines, %s at %s", len(w.VNets), len(w.VMs), last.Name, last.NICs[0].Private)
	}
	seen := map[string]bool{}
	for _, n := range w.NICs {
		if !n.Subnet.Prefix.Contains(n.Private) || seen[n.Private.String()] || seen[n.MAC] || n.MAC == "" {
			t.Errorf("%s at %s in %s", n.Name, n.Private, n.Subnet.Prefix)
		}
		seen[n.Private.String()], seen[n.MAC] = true, true
	}
}

func TestPolicies(t *testing.T) {
	w := small(t, `
policy "enforce" {
  scope      = "subscription"
  definition = "deploy-vnet-flow-log"
}
policy "refuse" {
  scope      = "net"
  definition = "custom"
  effect     = "Deny"
  enforced   = false
}
`)
	p, q := w.Policies[0], w.Policies[1]
	if p.Effect != "DeployIfNotExists" || !p.Enforced || p.Given || !strings.HasPrefix(string(p.Definition), "/providers/") {
		t.Errorf("%+v", p)
	}
	if q.Effect != "Deny" || q.Enforced || !strings.HasPrefix(string(q.Definition), "/subscriptions/") || q.Scope != w.VNets[0].ID {
		t.Errorf("%+v", q)
	}
}

// BenchmarkLarge reads a world of 500 VNets and 10,000 machines.
func BenchmarkLarge(b *testing.B) {
	for b.Loop() {
		w := small(b, `
fleet "big" {
  resource_group = "rg"
  address_space  = "11.0.0.0/8"
  vnets          = 500
  vms            = 10000
}
`)
		if len(w.VMs) != 10000 {
			b.Fatal(len(w.VMs))
		}
	}
}
