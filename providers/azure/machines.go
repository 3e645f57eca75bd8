package azure

import (
	"context"
	"fmt"
	"strings"

	"flowctl/plan"
)

const computeVersion = "2024-07-01" // of Microsoft.Compute

// listedVM is what flowctl needs of a Microsoft.Compute/virtualMachines. It is
// decoded here and not by the SDK, whose models of ten thousand machines take
// gigabytes to make.
type listedVM struct {
	ID         plan.ID           `json:"id"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		machineProfile
		ScaleSet idOf          `json:"virtualMachineScaleSet"`
		View     *instanceView `json:"instanceView"`
	} `json:"properties"`
	Extensions []listedExtension `json:"resources"` // nil: not said
}

// machineProfile is how a machine is made, or those of a scale set.
type machineProfile struct {
	Storage struct {
		OSDisk struct {
			OSType string `json:"osType"`
		} `json:"osDisk"`
	} `json:"storageProfile"`
	OS struct {
		Windows *struct{} `json:"windowsConfiguration"`
		Linux   *struct{} `json:"linuxConfiguration"`
	} `json:"osProfile"`
	Network struct {
		Interfaces []idOf `json:"networkInterfaces"`
	} `json:"networkProfile"`
}

// system is Linux or Windows, and empty if neither is said.
func (m machineProfile) system() string {
	switch {
	case m.Storage.OSDisk.OSType != "":
		return m.Storage.OSDisk.OSType
	case m.OS.Windows != nil:
		return "Windows"
	case m.OS.Linux != nil:
		return "Linux"
	}
	return ""
}

// instanceView is how a machine is doing.
type instanceView struct {
	Statuses   []instanceStatus `json:"statuses"`
	OSName     string           `json:"osName"`
	Extensions []handler        `json:"extensions"`
	Agent      struct {
		Handlers []handler `json:"extensionHandlers"` // nil: not said
	} `json:"vmAgent"`
}

type instanceStatus struct {
	Code string `json:"code"`
}

// machine is a VM and what else is needed to understand it.
type machine struct {
	plan.VM
	set    plan.ID // the scale set that it is part of
	viewed bool    // its state is known
	agent  knowledge
	bare   bool // the list said nothing of extensions
}

// machines lists the VMs twice, as they are described and as they are doing,
// since Azure gives both at once only for one VM at a time.
func (p *Provider) machines(ctx context.Context) ([]machine, error) {
	var vms, states []machine
	at := p.address(p.inSubscription("/providers/Microsoft.Compute/virtualMachines"), computeVersion)
	err := inParallel(
		func() (err error) {
			vms, err = listOf(ctx, p, "virtual machines", at, machineOf)
			return
		},
		func() (err error) {
			states, err = listOf(ctx, p, "states of virtual machines", at+"&statusOnly=true", machineOf)
			return
		},
	)
	if err != nil {
		return nil, err
	}
	index := make(map[string]*machine, len(states))
	for i := range states {
		index[states[i].ID.Key()] = &states[i]
	}
	for i := range vms {
		if s := index[vms[i].ID.Key()]; s != nil {
			vms[i].join(*s)
		}
	}
	return vms, p.complete(ctx, vms)
}

func machineOf(v *listedVM) machine {
	props := v.Properties
	m := machine{
		VM:  plan.VM{ID: v.ID, Location: region(&v.Location), Tags: v.Tags, OS: props.system(), AgentOS: agentSystem(v.Extensions), AgentIs: agentIs(v.Extensions), NICs: ids(props.Network.Interfaces)},
		set: props.ScaleSet.ID, agent: agentAmong(v.Extensions), bare: v.Extensions == nil,
	}
	m.look(props.View)
	return m
}

// look takes in how the machine is doing.
func (m *machine) look(v *instanceView) {
	if v == nil {
		return
	}
	m.viewed, m.Power = true, power(v.Statuses)
	m.OS = firstOf(m.OS, osName(v.OSName))
	m.agent = m.agent.or(v.agent())
}

// join takes in what another list says of the same machine.
func (m *machine) join(s machine) {
	if s.viewed {
		m.viewed, m.Power = true, s.Power
	}
	m.OS, m.agent = firstOf(m.OS, s.OS), m.agent.or(s.agent)
}

// few is how many machines are asked for one by one.
const few = 8

// complete fills in what the lists left open. A machine that the list of
// states has not is one that was just made; if there are many, their power
// stays unknown.
func (p *Provider) complete(ctx context.Context, vms []machine) error {
	if err := p.completeAgents(ctx, vms); err != nil {
		return err
	}
	var tasks []func() error
	for i := range vms {
		if vms[i].viewed || len(tasks) == few {
			continue
		}
		tasks = append(tasks, func() error { return p.completeView(ctx, &vms[i]) })
	}
	return inParallel(tasks...)
}

func (p *Provider) completeView(ctx context.Context, m *machine) error {
	var v instanceView
	err := p.getInto(ctx, string(m.ID)+"/instanceView", computeVersion, &v)
	if err != nil && !isNotFound(err) { // a VM may go while the lists are read
		return fmt.Errorf("read the state of virtual machine %s: %w", m.ID.Name(), err)
	}
	m.look(&v)
	return nil
}

// power is the state that a status such as PowerState/running names.
func power(statuses []instanceStatus) string {
	for _, s := range statuses {
		if kind, state, ok := strings.Cut(s.Code, "/"); ok && strings.EqualFold(kind, "PowerState") {
			return strings.ToLower(state)
		}
	}
	return ""
}

func osName(name string) string {
	switch {
	case name == "":
		return ""
	case strings.Contains(strings.ToLower(name), "windows"):
		return "Windows"
	}
	return "Linux"
}

func ids(all []idOf) []plan.ID {
	var out []plan.ID
	for _, a := range all {
		if a.ID != "" {
			out = append(out, a.ID)
		}
	}
	return out
}
