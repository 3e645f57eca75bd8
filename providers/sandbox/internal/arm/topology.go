package arm

import (
	"strings"

	"flowctl/plan"
	"flowctl/plan/region"
	"flowctl/providers/sandbox/internal/world"
)

// topology shows what is in a group or a VNet and how it hangs together.
func (q *request) topology() (reply, error) {
	var body struct {
		Group string `json:"targetResourceGroupName"`
		VNet  struct {
			ID plan.ID `json:"id"`
		} `json:"targetVirtualNetwork"`
		Subnet struct {
			ID plan.ID `json:"id"`
		} `json:"targetSubnet"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	w, err := q.findWatcher(st)
	if err != nil {
		return reply{}, err
	}
	if body.Group != "" {
		if err := q.needGroup(st, body.Group); err != nil {
			return reply{}, err
		}
	}
	at := body.Subnet.ID
	if at == "" {
		at = body.VNet.ID
	}
	inside := func(n *world.Subnet) bool { return at == "" || covers(at, n.ID) }
	mine := func(r world.Resource) bool {
		return region.Same(r.Location, w.Location) && (body.Group == "" || strings.EqualFold(r.Group, body.Group))
	}
	all := []any{}
	add := func(id plan.ID, location string, parts ...any) {
		if parts == nil {
			parts = []any{}
		}
		all = append(all, map[string]any{"name": id.Name(), "id": string(id), "location": location, "associations": parts})
	}
	part := func(id plan.ID, how string) any {
		return map[string]any{"name": id.Name(), "resourceId": string(id), "associationType": how}
	}
	now := q.live(st)
	for _, v := range now.VMs {
		if len(v.NICs) == 0 || !mine(v.Resource) || !inside(v.NICs[0].Subnet) {
			continue
		}
		var parts []any
		for _, n := range v.NICs {
			parts = append(parts, part(n.ID, "Contains"))
		}
		add(v.ID, v.Location, parts...)
	}
	for _, n := range now.NICs {
		if n.Instance != nil || !mine(n.Resource) || !inside(n.Subnet) {
			continue
		}
		var parts []any
		if n.VM != nil {
			parts = append(parts, part(n.VM.ID, "Associated"))
		}
		if n.NSG != nil {
			parts = append(parts, part(n.NSG.ID, "Associated"))
		}
		parts = append(parts, part(n.Subnet.ID, "Associated"))
		if n.Public != nil {
			parts = append(parts, part(n.Public.ID, "Associated"))
		}
		add(n.ID, n.Location, parts...)
	}
	for _, g := range now.NSGs {
		if mine(g.Resource) && at == "" {
			add(g.ID, g.Location)
		}
	}
	for _, p := range now.PublicIPs {
		if mine(p.Resource) && (at == "" || p.NIC != nil && inside(p.NIC.Subnet)) {
			var parts []any
			if p.NIC != nil {
				parts = append(parts, part(p.NIC.ID, "Associated"))
			}
			add(p.ID, p.Location, parts...)
		}
	}
	for _, v := range now.VNets {
		var parts []any
		for _, s := range v.Subnets {
			if inside(s) {
				parts = append(parts, part(s.ID, "Contains"))
			}
		}
		if !mine(v.Resource) || len(parts) == 0 && at != "" {
			continue
		}
		add(v.ID, v.Location, parts...)
		for _, s := range v.Subnets {
			if !inside(s) {
				continue
			}
			var parts []any
			if s.NSG != nil {
				parts = append(parts, part(s.NSG.ID, "Associated"))
			}
			add(s.ID, v.Location, parts...)
		}
	}
	stamp := q.now.UTC().Format(sevenDigits)
	return ok(map[string]any{"id": q.world.GUID("topology " + stamp), "createdDateTime": stamp, "lastModified": stamp, "resources": all})
}
