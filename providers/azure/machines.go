package azure

import (
	"context"
	"fmt"
	"strings"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

// machine is a VM and what else is needed to understand it.
type machine struct {
	plan.VM
	set    plan.ID                                // the scale set that it is part of
	model  *armcompute.VirtualMachine             // as listed
	status *armcompute.VirtualMachine             // as listed with statusOnly
	view   *armcompute.VirtualMachineInstanceView // of either, or asked for
}

// machines lists the VMs twice, as they are described and as they are doing,
// since Azure gives both at once only for one VM at a time.
func (p *Provider) machines(ctx context.Context) ([]machine, error) {
	var vms []machine
	var states []*armcompute.VirtualMachine
	err := inParallel(
		func() (err error) {
			vms, err = list(ctx, "virtual machines", p.compute.NewVirtualMachinesClient().NewListAllPager(nil), vmPage, machineOf)
			return
		},
		func() (err error) {
			opts := &armcompute.VirtualMachinesClientListAllOptions{StatusOnly: to.Ptr("true")}
			states, err = list(ctx, "states of virtual machines", p.compute.NewVirtualMachinesClient().NewListAllPager(opts), vmPage,
				func(v *armcompute.VirtualMachine) *armcompute.VirtualMachine { return v })
			return
		},
	)
	if err != nil {
		return nil, err
	}
	index := map[string]*armcompute.VirtualMachine{}
	for _, s := range states {
		index[plan.ID(val(s.ID)).Key()] = s
	}
	var tasks []func() error
	for i := range vms {
		vms[i].status = index[vms[i].ID.Key()]
		tasks = append(tasks, func() error { return p.complete(ctx, &vms[i]) })
	}
	return vms, inParallel(tasks...)
}

func vmPage(r armcompute.VirtualMachinesClientListAllResponse) []*armcompute.VirtualMachine {
	return r.Value
}

func machineOf(v *armcompute.VirtualMachine) machine {
	m := machine{VM: plan.VM{ID: plan.ID(val(v.ID)), Location: region(v.Location), Tags: stringMap(v.Tags)}, model: v}
	props := v.Properties
	if props == nil {
		return m
	}
	m.OS = osOf(props.StorageProfile, props.OSProfile)
	m.NICs = interfaces(props.NetworkProfile)
	if props.VirtualMachineScaleSet != nil {
		m.set = plan.ID(val(props.VirtualMachineScaleSet.ID))
	}
	return m
}

// complete fills in whether m runs and has the agent. It asks for m alone
// only if the lists left it open.
func (p *Provider) complete(ctx context.Context, m *machine) error {
	m.view = viewOf(m.status, m.model)
	if m.view == nil {
		resp, err := p.compute.NewVirtualMachinesClient().InstanceView(ctx, m.ID.ResourceGroup(), m.ID.Name(), nil)
		if err = plain(err); err != nil && !isNotFound(err) { // a VM may go while the lists are read
			return fmt.Errorf("read the state of virtual machine %s: %w", m.ID.Name(), err)
		}
		m.view = &resp.VirtualMachineInstanceView
	}
	m.Power = power(m.view.Statuses)
	if m.OS == "" {
		m.OS = osName(val(m.view.OSName))
	}
	known := false
	if m.Agent, known = agentOf(m); known {
		return nil
	}
	resp, err := p.compute.NewVirtualMachineExtensionsClient().List(ctx, m.ID.ResourceGroup(), m.ID.Name(), nil)
	if err = plain(err); err != nil && !isNotFound(err) {
		return fmt.Errorf("list the extensions of virtual machine %s: %w", m.ID.Name(), err)
	}
	m.Agent, _ = agentAmong(resp.Value)
	return nil
}

func viewOf(vms ...*armcompute.VirtualMachine) *armcompute.VirtualMachineInstanceView {
	for _, v := range vms {
		if v != nil && v.Properties != nil && v.Properties.InstanceView != nil {
			return v.Properties.InstanceView
		}
	}
	return nil
}

// power is the state that a status such as PowerState/running names.
func power(statuses []*armcompute.InstanceViewStatus) string {
	for _, s := range statuses {
		if s == nil {
			continue
		}
		if kind, state, ok := strings.Cut(val(s.Code), "/"); ok && strings.EqualFold(kind, "PowerState") {
			return strings.ToLower(state)
		}
	}
	return ""
}

func osOf(s *armcompute.StorageProfile, o *armcompute.OSProfile) string {
	switch {
	case s != nil && s.OSDisk != nil && s.OSDisk.OSType != nil:
		return string(*s.OSDisk.OSType)
	case o != nil && o.WindowsConfiguration != nil:
		return "Windows"
	case o != nil && o.LinuxConfiguration != nil:
		return "Linux"
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

func interfaces(n *armcompute.NetworkProfile) []plan.ID {
	var out []plan.ID
	if n == nil {
		return nil
	}
	for _, i := range n.NetworkInterfaces {
		if i != nil && val(i.ID) != "" {
			out = append(out, plan.ID(*i.ID))
		}
	}
	return out
}
