package arm

import (
	"net/http"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Upgrade is when an instance of a scale set was last brought to the set's
// model, and what it has since. Sets whose upgrade policy is not Manual do so
// by themselves.
type Upgrade struct {
	At    time.Time `json:"at"` // the end of it
	Agent bool      `json:"agent"`
}

// upgradeTime is how long it takes to bring instances to the model.
const upgradeTime = 60 * time.Second

// setDoc is an extension in the model of a scale set.
func (e *Extension) setDoc(now time.Time) armcompute.VirtualMachineScaleSetExtension {
	doc := armcompute.VirtualMachineScaleSetExtension{
		ID: id(e.ID), Name: to.Ptr(e.ID.Name()), Type: to.Ptr(scaleSetType + "/extensions"),
		Properties: &armcompute.VirtualMachineScaleSetExtensionProperties{
			Publisher: to.Ptr(e.Settings.Publisher), Type: to.Ptr(e.Settings.Type), TypeHandlerVersion: to.Ptr(e.Settings.Version),
			AutoUpgradeMinorVersion: to.Ptr(e.Settings.AutoMinor), ProvisioningState: to.Ptr(e.state(now)),
		},
	}
	if e.Settings.AutoUpgrade {
		doc.Properties.EnableAutomaticUpgrade = to.Ptr(true)
	}
	if len(e.Settings.Settings) > 0 {
		doc.Properties.Settings = e.Settings.Settings
	}
	return doc
}

func (q *request) setExtensions(st *State, s *world.ScaleSet) []*armcompute.VirtualMachineScaleSetExtension {
	all := []*armcompute.VirtualMachineScaleSetExtension{}
	for _, e := range q.carriedBy(st, setCarrier(s)) {
		all = append(all, to.Ptr(e.setDoc(q.now)))
	}
	return all
}

// instanceAgent reports whether an instance can capture packets.
func (q *request) instanceAgent(st *State, i *world.Instance) bool {
	if i.Set.Upgrade != "Manual" {
		return q.agentOf(st, setCarrier(i.Set))
	}
	u, upgraded := st.Upgrades[i.ID.Key()]
	if !upgraded {
		return i.Set.Agent
	}
	return u.Agent && !q.now.Before(u.At)
}

// latest reports whether an instance is as the set's model says.
func (q *request) latest(st *State, i *world.Instance) bool {
	if i.Set.Upgrade != "Manual" {
		return true
	}
	var changed time.Time
	for _, e := range st.Extensions {
		if !e.ID.Parent().Is(i.Set.ID) {
			continue
		}
		for _, t := range []time.Time{e.Ready, e.Gone} {
			if t.After(changed) {
				changed = t
			}
		}
	}
	at := st.Upgrades[i.ID.Key()].At
	return changed.IsZero() || !at.Before(changed) && !q.now.Before(at)
}

// covers reports whether a capture of a scale set records an instance.
func (s *CaptureSettings) covers(i *world.Instance) bool { return s.coversID(i.ID, i.Number) }

// coversID reports whether a capture records a machine of a scale set, which
// scopes name by id, or by number before the service has written the id.
func (s *CaptureSettings) coversID(id plan.ID, number string) bool {
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(name string) bool { return id.Is(plan.ID(name)) || number != "" && name == number })
	}
	return (len(s.Scope.Include) == 0 || in(s.Scope.Include)) && !in(s.Scope.Exclude)
}

// upgradeInstances brings instances to the model; * is all of them.
func (q *request) upgradeInstances() (rep reply, err error) {
	set, err := q.findScaleSet()
	if err != nil {
		return reply{}, err
	}
	var body struct {
		Instances []string `json:"instanceIds"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if len(body.Instances) == 0 {
		return reply{}, refuse(400, "InvalidParameter", "Required parameter 'instanceIds' is missing (null).")
	}
	for _, n := range body.Instances {
		if n != "*" && !slices.ContainsFunc(set.Instances, func(i *world.Instance) bool { return i.Number == n }) {
			return reply{}, refuse(400, "InvalidParameter", "The provided instanceId %s is not an active Virtual Machine Scale Set VM instanceId.", n)
		}
	}
	err = q.update(q.r.Context(), func(st *State) error {
		if err := q.free(st, set.ID, set.ID+"/extensions/"+plan.ID(agentName)); err != nil {
			return err
		}
		if st.Upgrades == nil {
			st.Upgrades = map[string]Upgrade{}
		}
		for _, i := range set.Instances {
			if slices.Contains(body.Instances, "*") || slices.Contains(body.Instances, i.Number) {
				st.Upgrades[i.ID.Key()] = Upgrade{At: q.now.Add(upgradeTime).UTC(), Agent: q.agentOf(st, setCarrier(set))}
			}
		}
		op, err := q.begin(st, set.ID, set.Location, upgradeTime, http.StatusOK, nil)
		if err == nil {
			rep = q.accepted(op)
		}
		return err
	})
	return rep, err
}
