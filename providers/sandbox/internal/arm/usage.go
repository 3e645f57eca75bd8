package arm

import (
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

func usageRoutes() []route {
	return []route{read("/subscriptions/{sub}/providers/Microsoft.Network/locations/{region}/usages", (*request).listUsages)}
}

// limits are Azure's for a subscription and region, unless a world says
// otherwise (Microsoft's documentation of Network Watcher and network limits).
var limits = []struct {
	name, text string
	limit      int64
}{
	{"VirtualNetworks", "Virtual Networks", 1000},
	{"NetworkSecurityGroups", "Network Security Groups", 5000},
	{"NetworkInterfaces", "Network Interfaces", 65536},
	{"PrivateEndpoints", "Private Endpoints", 1000},
	{"StandardSkuPublicIpAddresses", "Public IP Addresses - Standard", 1000},
	{"NetworkWatchers", "Network Watchers", 1},
	{"PacketCaptures", "Packet Captures", 10000},
}

func (q *request) listUsages() (reply, error) {
	region, err := q.place(q.path["region"], "locations/usages")
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	var all []armnetwork.Usage
	add := func(name, text string) {
		used, limit := q.quota(st, name, region)
		all = append(all, armnetwork.Usage{
			ID:   to.Ptr("/subscriptions/" + q.world.Subscription + "/providers/Microsoft.Network/locations/" + region + "/usages/" + name),
			Name: &armnetwork.UsageName{Value: to.Ptr(name), LocalizedValue: to.Ptr(text)},
			Unit: to.Ptr(armnetwork.UsageUnitCount), CurrentValue: to.Ptr(used), Limit: to.Ptr(limit)})
	}
	for _, l := range limits {
		add(l.name, l.text)
	}
	for _, w := range q.world.Quotas {
		if sameRegion(w.Region, region) && !slices.ContainsFunc(all, func(u armnetwork.Usage) bool { return strings.EqualFold(*u.Name.Value, w.Name) }) {
			add(w.Name, w.Name)
		}
	}
	return whole(all)
}

// quota is how much of a limit is used: what there is, and what the world says
// that others use beside it.
func (q *request) quota(st *State, name, region string) (used, limit int64) {
	for _, l := range limits {
		if strings.EqualFold(l.name, name) {
			limit = l.limit
		}
	}
	for _, w := range q.world.Quotas {
		if strings.EqualFold(w.Name, name) && sameRegion(w.Region, region) {
			used, limit = w.Used, w.Limit
		}
	}
	return used + q.inUse(st, strings.ToLower(name), region), limit
}

// inUse counts what there is in a region.
func (q *request) inUse(st *State, name, region string) (n int64) {
	switch name {
	case "virtualnetworks":
		return in(region, q.world.VNets, func(v *world.VNet) string { return v.Location }) + q.madeIn(st, vnetType, region)
	case "networksecuritygroups":
		return in(region, q.world.NSGs, func(v *world.NSG) string { return v.Location }) + q.madeIn(st, nsgType, region)
	case "networkinterfaces":
		return in(region, q.vmNICs, func(v *world.NIC) string { return v.Location }) + q.madeIn(st, nicType, region)
	case "privateendpoints":
		return in(region, q.world.Endpoints, func(v *world.PrivateEndpoint) string { return v.Location })
	case "standardskupublicipaddresses":
		return in(region, q.world.PublicIPs, func(v *world.PublicIP) string { return v.Location }) + q.madeIn(st, publicIPType, region)
	case "networkwatchers":
		for _, w := range st.Watchers {
			if there(w.Gone, q.now) && sameRegion(w.Location, region) {
				n++
			}
		}
	case "packetcaptures":
		for _, c := range st.Captures {
			if there(c.Gone, q.now) && sameRegion(q.captureRegion(st, c), region) {
				n++
			}
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

func in[T any](region string, all []T, location func(T) string) (n int64) {
	for _, v := range all {
		if sameRegion(location(v), region) {
			n++
		}
	}
	return n
}

func (q *request) madeIn(st *State, kind, region string) (n int64) {
	for _, m := range st.allMade(kind, q.now) {
		if sameRegion(m.Location, region) {
			n++
		}
	}
	return n
}

// withinQuota refuses one more of what a region has no room for.
func (q *request) withinQuota(st *State, name, region string, what plan.ID) error {
	used, limit := q.quota(st, name, region)
	if used < limit {
		return nil
	}
	return refuse(400, name+"CountLimitReached", "Cannot create %s: this subscription has %d of at most %d %s in region %s.",
		what.Name(), used, limit, name, region)
}
