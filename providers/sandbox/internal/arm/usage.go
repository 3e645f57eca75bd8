package arm

import (
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"flowctl/plan"
	"flowctl/plan/region"
)

func usageRoutes() []route {
	const place = "/locations/{region}/usages"
	return []route{read("/subscriptions/{sub}/providers/Microsoft.Network"+place, (*request).listUsages),
		read("/subscriptions/{sub}/providers/Microsoft.Compute"+place, (*request).listComputeUsages)}
}

// listComputeUsages counts machines and their cores in a region. The limits
// are the sandbox's own choice: Azure's differ from one subscription to the
// next.
func (q *request) listComputeUsages() (reply, error) {
	location, err := q.place(q.path["region"], "locations/usages")
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	var cores int32
	for _, m := range q.ofType(st, vmType) {
		for _, s := range sizes {
			if q.here(m.ID, m.Location, location) && strings.EqualFold(s.name, text(m.properties(), "hardwareProfile", "vmSize")) {
				cores += s.cores
			}
		}
	}
	usage := func(name, text string, used int32, limit int64) armcompute.Usage {
		return armcompute.Usage{Name: &armcompute.UsageName{Value: &name, LocalizedValue: &text}, Unit: to.Ptr("Count"), CurrentValue: &used, Limit: &limit}
	}
	return whole([]armcompute.Usage{usage("cores", "Total Regional vCPUs", cores, 350),
		usage("virtualMachines", "Virtual Machines", int32(q.count(st, vmType, location)), 25000),
		usage("virtualMachineScaleSets", "Virtual Machine Scale Sets", int32(q.count(st, scaleSetType, location)), 2500)})
}

func (q *request) listUsages() (reply, error) {
	location, err := q.place(q.path["region"], "locations/usages")
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	var all []armnetwork.Usage
	add := func(name, text string) {
		used, limit := q.quota(st, name, location)
		all = append(all, armnetwork.Usage{
			ID:   to.Ptr("/subscriptions/" + q.sub() + "/providers/Microsoft.Network/locations/" + location + "/usages/" + name),
			Name: &armnetwork.UsageName{Value: to.Ptr(name), LocalizedValue: to.Ptr(text)},
			Unit: to.Ptr(armnetwork.UsageUnitCount), CurrentValue: to.Ptr(used), Limit: to.Ptr(limit)})
	}
	for _, k := range kinds() { // limits are Azure's for a subscription and region, unless a world says otherwise
		if k.quota[0] != "" {
			add(k.quota[0], k.quota[1])
		}
	}
	for _, w := range q.world.Quotas {
		if region.Same(w.Region, location) && !slices.ContainsFunc(all, func(u armnetwork.Usage) bool { return strings.EqualFold(*u.Name.Value, w.Name) }) {
			add(w.Name, w.Name)
		}
	}
	return whole(all)
}

// quota is how much of a limit is used: what there is, and what the world says
// that others use beside it.
func (q *request) quota(st *State, name, location string) (used, limit int64) {
	var kind string
	for _, k := range kinds() {
		if strings.EqualFold(k.quota[0], name) {
			kind, limit = k.name, k.limit
		}
	}
	for _, w := range q.world.Quotas {
		if strings.EqualFold(w.Name, name) && region.Same(w.Region, location) {
			used, limit = w.Used, w.Limit
		}
	}
	return used + q.count(st, kind, location), limit
}

// here reports whether something is in the subscription that the path names,
// and in a region.
func (q *request) here(id plan.ID, at, location string) bool {
	return strings.EqualFold(id.Subscription(), q.sub()) && region.Same(at, location)
}

// count counts what there is of a kind in a region.
func (q *request) count(st *State, kind, location string) (n int64) {
	if count := kindOf(kind).count; count != nil {
		return count(q, st, location)
	}
	for _, m := range q.ofType(st, kind) {
		if q.here(m.ID, m.Location, location) {
			n++
		}
	}
	return n
}

func (q *request) countWatchers(st *State, location string) (n int64) {
	for _, w := range st.Watchers {
		if there(w.Gone, q.now) && q.here(w.ID, w.Location, location) {
			n++
		}
	}
	return n
}

func (q *request) countCaptures(st *State, location string) (n int64) {
	for _, c := range st.Captures {
		if there(c.Gone, q.now) && q.here(c.ID, q.captureRegion(st, c), location) {
			n++
		}
	}
	return n
}

func (q *request) captureRegion(st *State, c *Capture) string {
	if w := st.watcher(c.ID.Parent(), q.now); w != nil {
		return w.Location
	}
	return ""
}

// withinQuota refuses one more of what a region has no room for.
func (q *request) withinQuota(st *State, name, location string, what plan.ID) error {
	used, limit := q.quota(st, name, location)
	if used < limit {
		return nil
	}
	return refuse(400, name+"CountLimitReached", "Cannot create %s: this subscription has %d of at most %d %s in region %s.",
		what.Name(), used, limit, name, location)
}
