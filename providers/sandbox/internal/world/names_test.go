package world

import (
	"fmt"
	"strings"
	"testing"

	"flowctl/plan"
)

const twinHead = `
name         = "twins"
epoch        = "2026-11-12T08:00:00Z"
seed         = 1
subscription = "11111111-0000-4000-8000-000000000001"
tenant       = "aaaaaaaa-0000-4000-8000-000000000001"
regions      = ["westeurope"]
another_subscription "spoke" { id = "22222222-0000-4000-8000-000000000002" }
resource_group "rg" { region = "westeurope" }
resource_group "rg" {
  subscription = "spoke"
  region       = "westeurope"
}
resource_group "other" { region = "westeurope" }
host "out" { addresses = ["192.0.2.1"] }
`

// twin is a network with a machine, a flexible and a uniform scale set in a
// group; all names are the same in every group.
func twin(group string) string {
	return strings.ReplaceAll(`
vnet "v" {
  resource_group = "GROUP"
  address_space  = ["10.0.0.0/16"]
  subnet "s" { prefix = "10.0.1.0/24" }
}
vm "m" {
  resource_group = "GROUP"
  os             = "Linux"
  nic "n" {
    subnet     = "GROUP/v/s"
    private_ip = "10.0.1.4"
  }
}
scale_set "flex" {
  resource_group   = "GROUP"
  os               = "Linux"
  orchestration    = "Flexible"
  instances        = 2
  subnet           = "GROUP/v/s"
  first_private_ip = "10.0.1.10"
}
scale_set "plain" {
  resource_group   = "GROUP"
  os               = "Linux"
  instances        = 3
  subnet           = "GROUP/v/s"
  first_private_ip = "10.0.1.20"
}
`, "GROUP", group)
}

// TestNamesOfEnds: every name of an end means what it says, or is told to be
// unclear, and goes on to mean it however the world changes.
func TestNamesOfEnds(t *testing.T) {
	groups := []string{"twins/rg", "spoke/rg", "other"}
	tests := []struct {
		name, want string // ends by name and last part of the address; or the error
	}{
		{"twins/rg/m", "11111111/rg/m 4"}, {"spoke/rg/m", "22222222/rg/m 4"}, {"other/m", "11111111/other/m 4"},
		{"m", "Ambiguous name"}, {"rg/m", "Ambiguous name"}, {"none/m", "Unknown machine"}, {"spoke/other/m", "Unknown machine"},
		{"other/n", "11111111/other/m 4"}, {"other/flex", "11111111/other/flex_0 10, 11111111/other/flex_1 11"},
		{"spoke/rg/plain", "22222222/rg/plain_0 20, 22222222/rg/plain_1 21, 22222222/rg/plain_2 22"},
		{"other/flex_1", "11111111/other/flex_1 11"},
		{"spoke/rg/v", "22222222/rg/m 4, 22222222/rg/flex_0 10, 22222222/rg/flex_1 11, 22222222/rg/plain_0 20, 22222222/rg/plain_1 21, 22222222/rg/plain_2 22"},
		{"other/v/s", "11111111/other/m 4, 11111111/other/flex_0 10, 11111111/other/flex_1 11, 11111111/other/plain_0 20, 11111111/other/plain_1 21, 11111111/other/plain_2 22"},
		{"v/s", "Ambiguous name"},
	}
	src := twinHead
	for _, g := range groups {
		src += twin(g)
	}
	ends := func(w *World) string {
		var all []string
		for _, e := range w.Traffic[0].From {
			var name string
			if e.NIC.VM != nil {
				name = e.NIC.VM.Name
			} else {
				name = e.NIC.Instance.Name
			}
			all = append(all, fmt.Sprint(e.NIC.ID.Subscription()[:8], "/", e.NIC.ID.ResourceGroup(), "/", name, " ", e.NIC.Private.As4()[3]))
		}
		return strings.Join(all, ", ")
	}
	for _, tt := range tests {
		w, err := Parse("twins.hcl", []byte(src+fmt.Sprintf("traffic \"t\" {\n  from = [%q]\n  to = [\"out\"]\n  protocol = \"tcp\"\n  ports = [80]\n  every = \"10s\"\n}\n", tt.name)))
		if err != nil {
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
			}
			continue
		}
		if got := ends(w); got != tt.want {
			t.Errorf("%s means %s, want %s", tt.name, got, tt.want)
		}
		// A machine of the same name in another group is another machine.
		more := *w.VMs[0]
		more.ID = plan.ID(strings.Replace(string(more.ID), "/resourceGroups/rg/", "/resourceGroups/new/", 1))
		nic := *w.VMs[0].NICs[0]
		nic.ID, nic.VM = plan.ID(strings.Replace(string(nic.ID), "/resourceGroups/rg/", "/resourceGroups/new/", 1)), &more
		more.NICs = []*NIC{&nic}
		if got := ends(w.With([]any{&more}, nil)); got != tt.want {
			t.Errorf("%s means %s when there is one more, want %s", tt.name, got, tt.want)
		}
	}
}
