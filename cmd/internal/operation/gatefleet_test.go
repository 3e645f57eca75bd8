package operation

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"flowctl/plan"
)

// fleet is a world of many targets in one region, and a file that asks for all.
type fleet struct {
	vnets, vms int
	window     string
	watch      string
}

const fleetWorld = `
name         = "fleet"
epoch        = "2026-11-12T08:00:00Z"
seed         = 1
subscription = "5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d"
tenant       = "0f1e2d3c-4b5a-4968-8778-695a4b3c2d1e"
regions      = ["westeurope"]
resource_group "rg" {
  region = "westeurope"
}
storage_account "stfleet" {
  resource_group = "rg"
}
fleet "f" {
  resource_group = "rg"
  address_space  = "10.0.0.0/8"
  vnets          = %d
  vms            = %d
  os             = "Linux"
  agent          = true
  tags           = { role = "farm" }
}
`

const fleetFile = `
provider "sandbox" {
  clock = 0
}
investigation "fleet" {
  reason = "a whole farm"
  owner  = "gate@example.com"
  window = %q
  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stfleet"
  }
  %s
}
`

const (
	allVNets = `watch "vnet" "all" {
    tags = { role = "farm" }
  }`
	allMachines = `watch "vm" "all" {
    tags = { role = "farm" }
    packet_capture {
      duration  = "1m"
      max_bytes = "64KiB"
    }
  }`
)

// TestFleet: Azure writes one thing after the other on a watcher, so of many
// targets the last may not start in time. Nothing starts at or after the end; that
// not all fit is in the plan, with about how many; and each that did not start
// fails with that reason and no other. FLOWCTL_FLEET=1 takes 1,000 machines and
// 200 VNets.
func TestFleet(t *testing.T) {
	fleets := map[string]fleet{
		"all fit":   {4, 20, "30m", allMachines},
		"removals":  {2, 75, "10m", allMachines}, // captures end, and are removed, while others are to start
		"some late": {2, 60, "2m", allMachines},
		"networks":  {30, 30, "1m", allVNets},
	}
	if os.Getenv("FLOWCTL_FLEET") != "" {
		fleets = map[string]fleet{
			"1,000 machines in 10 minutes": {4, 1000, "10m", allMachines},
			"1,000 machines in 4 hours":    {200, 1000, "4h", allMachines},
			"200 VNets in 15 minutes":      {200, 200, "15m", allVNets},
			"200 VNets in 5 minutes":       {200, 200, "5m", allVNets},
		}
	}
	if sparse > 1 {
		delete(fleets, "some late")
	}
	for name, f := range fleets {
		t.Run(name, func(t *testing.T) { f.run(t) })
	}
}

var wouldNotStart = regexp.MustCompile(`About (\d+) would not start`)

func (f fleet) run(t *testing.T) {
	dir := t.TempDir()
	g := stage{dir: filepath.Join(dir, "run"), world: filepath.Join(dir, "world.hcl"), source: Source{Path: filepath.Join(dir, "fleet.hcl")}, watch: newWatchman(nil)}
	for name, text := range map[string]string{g.world: fmt.Sprintf(fleetWorld, f.vnets, f.vms), g.source.Path: fmt.Sprintf(fleetFile, f.window, f.watch)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said, targets int
	failed, _, err := g.apply(t.Context(), ApplyOptions{Approve: func(plans []plan.Plan, _ bool) error {
		targets = plans[0].Count(plan.Create)
		for _, finding := range plans[0].Findings {
			if m := wouldNotStart.FindStringSubmatch(finding.Detail); finding.Code == plan.StartsTooLate && m != nil {
				said, _ = strconv.Atoi(m[1])
			}
		}
		return Blocked(plans)
	}})
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, text := range failed {
		if strings.Contains(text, "not started in time") {
			late++
			continue
		}
		t.Errorf("failed for another reason: %s", text)
	}
	t.Logf("%d targets in %s: %d recorded, %d not started in time; the plan said about %d", targets, f.window, len(g.watch.made), late, said)
	if len(g.watch.made)+late != targets {
		t.Errorf("%d started and %d late, want %d in all", len(g.watch.made), late, targets)
	}
	if late > 0 && said == 0 || said > 0 && late == 0 || said > 2*late+targets/10 || late > 2*said+targets/10 {
		t.Errorf("the plan said that about %d would not start, and %d did not", said, late)
	}
	g.clean(t)
}
