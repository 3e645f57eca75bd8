package azure

import (
	"context"
	"fmt"
	"sync"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
)

// scaleSets lists the scale sets with their instances and these instances'
// interfaces, which no other list has. The instances of sets in flexible
// orchestration are VMs and come with them.
func (p *Provider) scaleSets(ctx context.Context) ([]plan.ScaleSet, []plan.NIC, error) {
	sets, err := list(ctx, "scale sets", p.compute.NewVirtualMachineScaleSetsClient().NewListAllPager(nil),
		func(r armcompute.VirtualMachineScaleSetsClientListAllResponse) []*armcompute.VirtualMachineScaleSet {
			return r.Value
		},
		func(s *armcompute.VirtualMachineScaleSet) *armcompute.VirtualMachineScaleSet { return s })
	if err != nil {
		return nil, nil, err
	}
	out := make([]plan.ScaleSet, len(sets))
	var mu sync.Mutex
	var nics []plan.NIC
	var tasks []func() error
	for i, s := range sets {
		out[i] = scaleSetOf(s)
		if s.Properties != nil && val(s.Properties.OrchestrationMode) == armcompute.OrchestrationModeFlexible {
			continue
		}
		tasks = append(tasks, func() (err error) {
			out[i].Instances, err = p.instances(ctx, out[i].ID)
			return err
		}, func() error {
			found, err := p.setNICs(ctx, out[i].ID, s.Location)
			mu.Lock()
			defer mu.Unlock()
			nics = append(nics, found...)
			return err
		})
	}
	return out, nics, inParallel(tasks...)
}

func scaleSetOf(s *armcompute.VirtualMachineScaleSet) plan.ScaleSet {
	out := plan.ScaleSet{ID: plan.ID(val(s.ID)), Location: region(s.Location), Tags: stringMap(s.Tags)}
	if s.Properties == nil || s.Properties.VirtualMachineProfile == nil {
		return out
	}
	profile := s.Properties.VirtualMachineProfile
	out.OS = setOS(profile)
	if profile.ExtensionProfile == nil {
		return out
	}
	for _, e := range profile.ExtensionProfile.Extensions {
		if e != nil && e.Properties != nil && isAgent(e.Properties.Publisher, e.Properties.Type) {
			out.Agent = true
		}
	}
	return out
}

func setOS(p *armcompute.VirtualMachineScaleSetVMProfile) string {
	switch {
	case p.StorageProfile != nil && p.StorageProfile.OSDisk != nil && p.StorageProfile.OSDisk.OSType != nil:
		return string(*p.StorageProfile.OSDisk.OSType)
	case p.OSProfile != nil && p.OSProfile.WindowsConfiguration != nil:
		return "Windows"
	case p.OSProfile != nil && p.OSProfile.LinuxConfiguration != nil:
		return "Linux"
	}
	return ""
}

func (p *Provider) instances(ctx context.Context, set plan.ID) ([]plan.Instance, error) {
	opts := &armcompute.VirtualMachineScaleSetVMsClientListOptions{Expand: to.Ptr("instanceView")}
	out, err := list(ctx, fmt.Sprintf("instances of scale set %s", set.Name()),
		p.compute.NewVirtualMachineScaleSetVMsClient().NewListPager(set.ResourceGroup(), set.Name(), opts),
		func(r armcompute.VirtualMachineScaleSetVMsClientListResponse) []*armcompute.VirtualMachineScaleSetVM {
			return r.Value
		},
		instanceOf)
	return out, unlessGone(err)
}

func instanceOf(v *armcompute.VirtualMachineScaleSetVM) plan.Instance {
	out := plan.Instance{ID: plan.ID(val(v.ID)), Number: val(v.InstanceID)}
	if out.Number == "" {
		out.Number = out.ID.Name()
	}
	if v.Properties == nil {
		return out
	}
	out.NICs = interfaces(v.Properties.NetworkProfile)
	if v.Properties.InstanceView != nil {
		out.Power = power(v.Properties.InstanceView.Statuses)
	}
	return out
}

func (p *Provider) setNICs(ctx context.Context, set plan.ID, location *string) ([]plan.NIC, error) {
	out, err := list(ctx, fmt.Sprintf("network interfaces of scale set %s", set.Name()),
		p.network.NewInterfacesClient().NewListVirtualMachineScaleSetNetworkInterfacesPager(set.ResourceGroup(), set.Name(), nil),
		func(r armnetwork.InterfacesClientListVirtualMachineScaleSetNetworkInterfacesResponse) []*armnetwork.Interface {
			return r.Value
		},
		func(n *armnetwork.Interface) plan.NIC {
			nic := nicOf(n)
			nic.Location = firstOf(nic.Location, region(location)) // Azure leaves it out here
			return nic
		})
	return out, unlessGone(err)
}

// unlessGone forgives a set that was deleted while the lists are read.
func unlessGone(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}
