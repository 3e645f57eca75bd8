package azure

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

// agentExtension is the agent's extension of one machine or scale set. It stands
// in for a recording while it is made and removed: what counts of it is its
// state and its tags.
type agentExtension interface {
	resource
	put(ctx context.Context, at place, a plan.Agent) error
	list(ctx context.Context, at place) ([]installedExtension, error)
}

// installedExtension is an extension that a machine has.
type installedExtension struct {
	plan.Recording
	agent bool
}

func (p *Provider) extension(a plan.Agent) (agentExtension, place, error) {
	at, err := p.place(a.ID)
	if a.OfScaleSet() {
		return setExtensions{p}, at, err
	}
	return machineExtensions{p}, at, err
}

func queryEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// machineExtensions are those of virtual machines.
type machineExtensions struct{ p *Provider }

func (machineExtensions) noun() string { return "extension" }

func (m machineExtensions) client() *armcompute.VirtualMachineExtensionsClient {
	return m.p.compute.NewVirtualMachineExtensionsClient()
}

func (m machineExtensions) get(ctx context.Context, at place) (plan.Recording, error) {
	resp, err := m.client().Get(ctx, at.group, at.watcher, at.name, nil)
	if err != nil {
		return plan.Recording{ID: at.id}, plain(err)
	}
	return machineExtension(at, &resp.VirtualMachineExtension).Recording, nil
}

func (m machineExtensions) list(ctx context.Context, at place) ([]installedExtension, error) {
	resp, err := m.client().List(ctx, at.group, at.watcher, nil)
	var out []installedExtension
	for _, e := range resp.Value {
		if e != nil {
			out = append(out, machineExtension(at, e))
		}
	}
	return out, plain(err)
}

func machineExtension(at place, e *armcompute.VirtualMachineExtension) installedExtension {
	id := plan.ID(firstOf(val(e.ID), string(at.id.Parent())+"/extensions/"+val(e.Name)))
	out := installedExtension{Recording: plan.Recording{ID: id, Tags: stringMap(e.Tags)}}
	if props := e.Properties; props != nil {
		out.Provisioning, out.agent = val(props.ProvisioningState), isAgent(props.Publisher, props.Type)
	}
	return out
}

func (m machineExtensions) put(ctx context.Context, at place, a plan.Agent) error {
	body := armcompute.VirtualMachineExtension{
		Location: to.Ptr(a.Machine.Location), Tags: stringPtrs(a.Tags()),
		Properties: &armcompute.VirtualMachineExtensionProperties{
			Publisher: to.Ptr(agentPublisher), Type: to.Ptr(agentType(a.OS)), TypeHandlerVersion: to.Ptr(agentVersion),
			AutoUpgradeMinorVersion: to.Ptr(true), EnableAutomaticUpgrade: to.Ptr(true),
		},
	}
	_, accepted, err := operate(ctx, m.p, func(ctx context.Context) (*runtime.Poller[armcompute.VirtualMachineExtensionsClientCreateOrUpdateResponse], error) {
		return m.client().BeginCreateOrUpdate(ctx, at.group, at.watcher, at.name, body, nil)
	})
	return created(accepted, err)
}

// agentType is the extension's type for an operating system.
func agentType(os string) string { return "NetworkWatcherAgent" + os }

func (m machineExtensions) remove(ctx context.Context, at place) error {
	_, _, err := operate(ctx, m.p, func(ctx context.Context) (*runtime.Poller[armcompute.VirtualMachineExtensionsClientDeleteResponse], error) {
		return m.client().BeginDelete(ctx, at.group, at.watcher, at.name, nil)
	})
	return err
}

// setExtensions are those of scale sets.
type setExtensions struct{ p *Provider }

func (setExtensions) noun() string { return "extension" }

func (s setExtensions) client() *armcompute.VirtualMachineScaleSetExtensionsClient {
	return s.p.compute.NewVirtualMachineScaleSetExtensionsClient()
}

func (s setExtensions) get(ctx context.Context, at place) (plan.Recording, error) {
	resp, err := s.client().Get(ctx, at.group, at.watcher, at.name, nil)
	if err != nil {
		return plan.Recording{ID: at.id}, plain(err)
	}
	return setExtension(at, &resp.VirtualMachineScaleSetExtension).Recording, nil
}

// list reads the scale set's model, since it also says whether an extension of
// the model gets onto the instances at all.
func (s setExtensions) list(ctx context.Context, at place) ([]installedExtension, error) {
	resp, err := s.p.compute.NewVirtualMachineScaleSetsClient().Get(ctx, at.group, at.watcher, nil)
	if err != nil {
		return nil, plain(err)
	}
	props := resp.Properties
	if props == nil || props.UpgradePolicy == nil || val(props.UpgradePolicy.Mode) == armcompute.UpgradeModeManual {
		return nil, fmt.Errorf("its instances are upgraded by hand, and an upgrade can bring more than the agent; add the extension to the model and upgrade them with: "+
			"az vmss extension set --publisher %s --name NetworkWatcherAgent… --resource-group %s --vmss-name %s, az vmss update-instances", agentPublisher, at.group, at.watcher)
	}
	var out []installedExtension
	if profile := props.VirtualMachineProfile; profile != nil && profile.ExtensionProfile != nil {
		for _, e := range profile.ExtensionProfile.Extensions {
			if e == nil {
				continue
			}
			found, err := s.whole(ctx, setExtension(at, e))
			if isNotFound(err) {
				continue // it went meanwhile
			}
			if err != nil {
				return nil, err
			}
			out = append(out, found)
		}
	}
	return out, nil
}

// whole asks for the state of an agent in the model, which does not tell it.
func (s setExtensions) whole(ctx context.Context, e installedExtension) (installedExtension, error) {
	if !e.agent || e.Provisioning != "" {
		return e, nil
	}
	place, err := s.p.place(e.ID)
	if err != nil {
		return e, err
	}
	r, err := s.get(ctx, place)
	e.Provisioning = r.Provisioning
	return e, err
}

func setExtension(at place, e *armcompute.VirtualMachineScaleSetExtension) installedExtension {
	id := plan.ID(firstOf(val(e.ID), string(at.id.Parent())+"/extensions/"+val(e.Name)))
	out := installedExtension{Recording: plan.Recording{ID: id}}
	if props := e.Properties; props != nil {
		out.Provisioning, out.agent = val(props.ProvisioningState), isAgent(props.Publisher, props.Type)
	}
	return out
}

func (s setExtensions) put(ctx context.Context, at place, a plan.Agent) error {
	body := armcompute.VirtualMachineScaleSetExtension{Properties: &armcompute.VirtualMachineScaleSetExtensionProperties{
		Publisher: to.Ptr(agentPublisher), Type: to.Ptr(agentType(a.OS)), TypeHandlerVersion: to.Ptr(agentVersion),
		AutoUpgradeMinorVersion: to.Ptr(true), EnableAutomaticUpgrade: to.Ptr(true),
	}}
	_, accepted, err := operate(ctx, s.p, func(ctx context.Context) (*runtime.Poller[armcompute.VirtualMachineScaleSetExtensionsClientCreateOrUpdateResponse], error) {
		return s.client().BeginCreateOrUpdate(ctx, at.group, at.watcher, at.name, body, nil)
	})
	return created(accepted, err)
}

func (s setExtensions) remove(ctx context.Context, at place) error {
	_, _, err := operate(ctx, s.p, func(ctx context.Context) (*runtime.Poller[armcompute.VirtualMachineScaleSetExtensionsClientDeleteResponse], error) {
		return s.client().BeginDelete(ctx, at.group, at.watcher, at.name, nil)
	})
	return err
}
