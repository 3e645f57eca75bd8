package resolve

import (
	"fmt"
	"strings"

	"flowctl/plan"
	"flowctl/plan/config"
)

// captureable reports whether a machine can be captured now, and says why
// not. install is the machine's OS if the agent has to be installed first.
func (r *resolver) captureable(w config.Watch, t plan.Target) (install string, ok bool) {
	power, agent, os := machineState(r.index(t), t)
	agent = r.agentState(w, t, agent)
	switch {
	case power != "" && power != "running":
		r.warn(w, t.ID, w.SelectRange, plan.MachineOff, "Machine is not running",
			fmt.Sprintf("%s is %s; only a running machine can be captured. Start it, or leave it out.", t.ID.Name(), power))
		return "", false
	case len(interfaces(r.index(t), t)) == 0:
		r.withoutNIC(w, t)
		return "", false
	case !agent && w.Capture.InstallAgent && (os == "Linux" || os == "Windows"):
		return os, true
	case !agent:
		r.warn(w, t.ID, w.SelectRange, plan.AgentMissing, "Network Watcher agent is missing", agentMissing(w, t, os))
		return "", false
	}
	return "", true
}

// agentState reports whether the agent that is there can be counted on. One that
// is just being changed is awaited where flowctl may install it, as it may be
// flowctl's own; else that is said.
func (r *resolver) agentState(w config.Watch, t plan.Target, agent bool) bool {
	v := r.index(t).VMs[t.ID.Key()]
	if v == nil || !agent {
		return agent
	}
	switch strings.ToLower(v.AgentIs) {
	case "failed", "canceled":
		r.warn(w, t.ID, w.SelectRange, plan.AgentFailed, "Network Watcher agent failed",
			fmt.Sprintf("Azure could not bring the Network Watcher extension of %s up (%s): the capture will most likely not start. Remove the extension and install it again: az vm extension delete --ids %s/extensions/%s", t.ID.Name(), v.AgentIs, t.ID, plan.AgentName))
	case "creating", "updating", "deleting":
		if w.Capture.InstallAgent {
			return false
		}
		r.warn(w, t.ID, w.SelectRange, plan.AgentChanging, "Network Watcher agent is being changed",
			fmt.Sprintf("Somebody changes the Network Watcher extension of %s just now (%s): the capture may be refused until that is done. Plan again in some minutes.", t.ID.Name(), v.AgentIs))
	}
	return true
}

// agentMissing says how the agent gets onto a machine.
func agentMissing(w config.Watch, t plan.Target, os string) string {
	missing := t.ID.Name() + " has no Network Watcher extension, which takes the capture."
	switch {
	case os == "":
		return missing + " Azure does not say whether it runs Linux or Windows, so flowctl cannot tell which extension it needs. Install the one for its system."
	case w.Capture.Declared:
		return fmt.Sprintf("%s Let flowctl install it, and remove it afterwards, with agent = \"install\" in the packet_capture block; or install it with: %s", missing, install(t, os))
	}
	return fmt.Sprintf("%s Let flowctl install it, and remove it afterwards, with packet_capture { agent = \"install\" }; or install it with: %s", missing, install(t, os))
}

func (r *resolver) withoutNIC(w config.Watch, t plan.Target) {
	r.warn(w, t.ID, w.SelectRange, plan.NICMissing, "Machine has no interface",
		fmt.Sprintf("%s has no network interface that is seen, so it has no traffic to record. Attach one, or leave the machine out.", t.ID.Name()))
}

func machineState(x *plan.Index, t plan.Target) (power string, agent bool, os string) {
	if v := x.VMs[t.ID.Key()]; v != nil {
		return v.Power, v.Agent, v.OS
	}
	if s := x.ScaleSets[t.ID.Key()]; s != nil {
		return setPower(*s), s.Agent, s.OS
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
func interfaces(x *plan.Index, t plan.Target) []plan.Target {
	var out []plan.Target
	if t.Kind == config.VMSS {
		for _, id := range subnetsOf(x, t.ID) {
			out = append(out, plan.Target{Kind: config.Subnet, ID: id, Location: t.Location, Provider: t.Provider})
		}
		return out
	}
	for _, id := range nicsOf(x, t.ID) {
		out = append(out, plan.Target{Kind: config.NIC, ID: id, Location: t.Location, Provider: t.Provider})
	}
	return out
}

// nicsOf lists the interfaces of a VM as it names them, or else those that
// name it.
func nicsOf(x *plan.Index, vm plan.ID) []plan.ID {
	if v := x.VMs[vm.Key()]; v != nil && len(v.NICs) > 0 {
		return v.NICs
	}
	var out []plan.ID
	for _, n := range x.NICsOf[vm.Key()] {
		out = append(out, n.ID)
	}
	return out
}

func subnetsOf(x *plan.Index, set plan.ID) []plan.ID {
	var out []plan.ID
	seen := map[string]bool{}
	for _, n := range x.Interfaces(set) {
		for _, sub := range n.Subnets {
			if !seen[sub.Key()] {
				seen[sub.Key()] = true
				out = append(out, sub)
			}
		}
	}
	return out
}
