package resolve

import (
	"fmt"

	"flowctl/plan"
	"flowctl/plan/config"
)

// captureable reports whether a machine can be captured now, and says why not.
func (r *resolver) captureable(w config.Watch, inv *plan.Inventory, t plan.Target) bool {
	power, agent, os := machineState(inv, t)
	switch {
	case power != "" && power != "running":
		r.warn(w, t.ID, w.SelectRange, "vm-not-running", "Machine is not running",
			fmt.Sprintf("%s is %s; only a running machine can be captured. Start it, or leave it out.", t.ID.Name(), power))
		return false
	case !agent:
		r.warn(w, t.ID, w.SelectRange, "agent-missing", "Network Watcher agent is missing",
			fmt.Sprintf("%s has no Network Watcher extension, which takes the capture. Install it with: %s", t.ID.Name(), install(t, os)))
		return false
	}
	return true
}

func machineState(inv *plan.Inventory, t plan.Target) (power string, agent bool, os string) {
	for _, v := range inv.VMs {
		if v.ID.Is(t.ID) {
			return v.Power, v.Agent, v.OS
		}
	}
	for _, s := range inv.ScaleSets {
		if s.ID.Is(t.ID) {
			return setPower(s), s.Agent, s.OS
		}
	}
	return "", true, ""
}

// setPower is running if any instance is.
func setPower(s plan.ScaleSet) string {
	power := "without instances"
	for _, i := range s.Instances {
		if i.Power == "running" || i.Power == "" {
			return i.Power
		}
		power = i.Power
	}
	return power
}

func install(t plan.Target, os string) string {
	set, flag := "vm", "--vm-name"
	if t.Kind == config.VMSS {
		set, flag = "vmss", "--vmss-name"
	}
	return fmt.Sprintf("az %s extension set --resource-group %s %s %s --name NetworkWatcherAgent%s --publisher Microsoft.Azure.NetworkWatcher --version 1.4",
		set, t.ID.ResourceGroup(), flag, t.ID.Name(), os)
}

// interfaces lists what a flow log on a machine must log: a VM's interfaces,
// but the subnets of a scale set, whose interfaces come and go.
func interfaces(inv *plan.Inventory, t plan.Target) []plan.Target {
	var out []plan.Target
	for _, v := range inv.VMs {
		if v.ID.Is(t.ID) {
			for _, n := range v.NICs {
				out = append(out, plan.Target{Kind: config.NIC, ID: n, Location: t.Location, Provider: t.Provider})
			}
		}
	}
	for _, s := range inv.ScaleSets {
		if s.ID.Is(t.ID) {
			for _, id := range subnetsOf(inv, s) {
				out = append(out, plan.Target{Kind: config.Subnet, ID: id, Location: t.Location, Provider: t.Provider})
			}
		}
	}
	return out
}

func subnetsOf(inv *plan.Inventory, s plan.ScaleSet) []plan.ID {
	var out []plan.ID
	seen := map[string]bool{}
	for _, n := range inv.NICs {
		for _, i := range s.Instances {
			if !n.VM.Is(i.ID) {
				continue
			}
			for _, sub := range n.Subnets {
				if !seen[sub.Key()] {
					seen[sub.Key()] = true
					out = append(out, sub)
				}
			}
		}
	}
	return out
}
