package arm

import (
	"bytes"
	"encoding/json"
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

// modelExtensions are the extensions in the model of a scale set, which tells
// neither their ids nor how far they are (recording cli-packet-capture-vmss).
func (q *request) modelExtensions(st *State, s *world.ScaleSet) (all []any) {
	for _, e := range q.carriedBy(st, setCarrier(s)) {
		props := doc{"publisher": e.Settings.Publisher, "type": e.Settings.Type, "typeHandlerVersion": e.Settings.Version, "autoUpgradeMinorVersion": e.Settings.AutoMinor}
		if e.Settings.AutoUpgrade {
			props["enableAutomaticUpgrade"] = true
		}
		if len(e.Settings.Settings) > 0 {
			props["settings"] = e.Settings.Settings
		}
		all = append(all, doc{"name": e.ID.Name(), "properties": props})
	}
	return all
}

// takeExtensions makes the extensions of a scale set those that the model in a
// write of it lists, as `az vmss extension set` does. A model without a list
// leaves them as they are.
func (q *request) takeExtensions(st *State, m *Resource) error {
	profile := object(m.properties(), "virtualMachineProfile")
	_, listed := profile["extensionProfile"].(map[string]any)
	list := objects(object(profile, "extensionProfile"), "extensions")
	delete(profile, "extensionProfile") // they are kept by themselves
	s, known := q.described(st, m.ID).(*world.ScaleSet)
	if !listed || !known {
		return nil
	}
	c := setCarrier(s)
	keep := map[string]bool{}
	for _, item := range list {
		id := c.ID + plan.ID("/extensions/"+text(item, "name"))
		keep[id.Key()] = true
		var p ExtensionSettings
		if raw, err := json.Marshal(object(item, "properties")); err != nil || json.Unmarshal(raw, &p) != nil || id.Name() == "" {
			return refuse(400, "InvalidParameter", "Required parameter 'extensionProfile.extensions' is not as it must be.")
		}
		if err := checkExtension(c, "", p); err != nil {
			return err
		}
		if old := q.carried(st, c, id); old == nil || !old.Settings.same(p) {
			st.Extensions = slices.DeleteFunc(st.Extensions, func(e *Extension) bool { return e.ID.Is(id) })
			st.Extensions = append(st.Extensions, &Extension{ID: id, Location: c.Location, Settings: p, Ready: m.Ready})
		}
	}
	for _, e := range q.carriedBy(st, c) {
		if !keep[e.ID.Key()] {
			gone := *e
			gone.Gone = m.Ready
			st.Extensions = slices.DeleteFunc(st.Extensions, func(o *Extension) bool { return o.ID.Is(e.ID) })
			st.Extensions = append(st.Extensions, &gone)
		}
	}
	return nil
}

// carried is the extension of an id, nil if there is none that stays.
func (q *request) carried(st *State, c carrier, id plan.ID) *Extension {
	for _, e := range q.carriedBy(st, c) {
		if e.ID.Is(id) && e.Gone.IsZero() {
			return e
		}
	}
	return nil
}

func (s ExtensionSettings) same(o ExtensionSettings) bool {
	return s.Publisher == o.Publisher && s.Type == o.Type && s.Version == o.Version && s.AutoMinor == o.AutoMinor && s.AutoUpgrade == o.AutoUpgrade && bytes.Equal(s.Settings, o.Settings)
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
