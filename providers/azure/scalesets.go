package azure

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
)

// listedSet is what flowctl needs of a Microsoft.Compute/virtualMachineScaleSets.
type listedSet struct {
	ID         plan.ID           `json:"id"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		Mode    string `json:"orchestrationMode"`
		Profile struct {
			machineProfile
			Extensions struct {
				Extensions []listedExtension `json:"extensions"`
			} `json:"extensionProfile"`
		} `json:"virtualMachineProfile"`
	} `json:"properties"`
}

// listedInstance is what flowctl needs of a machine of a scale set.
type listedInstance struct {
	ID         plan.ID `json:"id"`
	Number     string  `json:"instanceId"`
	Properties struct {
		machineProfile
		View instanceView `json:"instanceView"`
	} `json:"properties"`
}

// scaleSets lists the scale sets with their instances and these instances'
// interfaces, which no other list has. The instances of sets in flexible
// orchestration are VMs and come with them.
func (p *Provider) scaleSets(ctx context.Context) ([]plan.ScaleSet, []plan.NIC, error) {
	at := p.address(p.inSubscription("/providers/Microsoft.Compute/virtualMachineScaleSets"), computeVersion)
	sets, err := listOf(ctx, p, "scale sets", at, same[listedSet])
	if err != nil {
		return nil, nil, err
	}
	out := make([]plan.ScaleSet, len(sets))
	var mu sync.Mutex
	var nics []plan.NIC
	var tasks []func() error
	for i, s := range sets {
		set := scaleSetOf(s)
		out[i] = set
		if strings.EqualFold(s.Properties.Mode, "Flexible") {
			continue
		}
		tasks = append(tasks, func() (err error) {
			out[i].Instances, err = p.instances(ctx, set.ID)
			return err
		}, func() error {
			found, err := p.setNICs(ctx, set)
			mu.Lock()
			defer mu.Unlock()
			nics = append(nics, found...)
			return err
		})
	}
	return out, nics, inParallel(tasks...)
}

func scaleSetOf(s listedSet) plan.ScaleSet {
	profile := s.Properties.Profile
	return plan.ScaleSet{
		ID: s.ID, Location: region(&s.Location), Tags: s.Tags, OS: profile.system(), Orchestration: s.Properties.Mode,
		AgentOS: agentSystem(profile.Extensions.Extensions),
		Agent: slices.ContainsFunc(profile.Extensions.Extensions, func(e listedExtension) bool {
			return isAgent(&e.Properties.Publisher, &e.Properties.Type)
		}),
	}
}

func (p *Provider) instances(ctx context.Context, set plan.ID) ([]plan.Instance, error) {
	at := p.address(string(set)+"/virtualMachines", computeVersion) + "&$expand=instanceView"
	out, err := listOf(ctx, p, fmt.Sprintf("instances of scale set %s", set.Name()), at, instanceOf)
	return out, unlessGone(err)
}

func instanceOf(v *listedInstance) plan.Instance {
	out := plan.Instance{ID: v.ID, Number: v.Number, NICs: ids(v.Properties.Network.Interfaces), Power: power(v.Properties.View.Statuses)}
	if out.Number == "" {
		out.Number = out.ID.Name()
	}
	return out
}

// setNICsVersion is the API version that the interfaces of instances have
// stayed at.
const setNICsVersion = "2018-10-01"

func (p *Provider) setNICs(ctx context.Context, set plan.ScaleSet) ([]plan.NIC, error) {
	at := p.address(string(set.ID)+"/networkInterfaces", setNICsVersion)
	out, err := listOf(ctx, p, fmt.Sprintf("network interfaces of scale set %s", set.ID.Name()), at, func(n *listedNIC) plan.NIC {
		nic := nicOf(n)
		nic.Location = firstOf(nic.Location, set.Location) // Azure leaves it out here
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
