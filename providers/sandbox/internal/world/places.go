package world

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// places are what a traffic's ends can be, by the keys of their ids: a machine,
// an interface, a scale set of either kind, a VNet, a subnet; and hosts.
type places map[string][]Endpoint

func hostPlace(name string) string { return "host/" + name }

func (w *World) places() places {
	p := places{}
	add := func(id plan.ID, e Endpoint) { p[id.Key()] = append(p[id.Key()], e) }
	for _, v := range w.VMs {
		if len(v.NICs) == 0 {
			continue
		}
		e := Endpoint{NIC: v.NICs[0]}
		add(v.ID, e)
		if v.Set != nil {
			add(v.Set.ID, e)
		}
	}
	for _, h := range w.Hosts {
		p[hostPlace(h.Name)] = []Endpoint{{Host: h}}
	}
	for _, n := range w.NICs {
		e := Endpoint{NIC: n}
		add(n.ID, e)
		if n.Instance != nil {
			add(n.Instance.Set.ID, e)
		}
		if n.Subnet != nil && n.Subnet.VNet != nil {
			add(n.Subnet.ID, e)
			add(n.Subnet.VNet.ID, e)
		}
	}
	return p
}

// all are the ends at places. What there is none of any more is none.
func (p places) all(at []string) []Endpoint {
	var out []Endpoint
	for _, key := range at {
		out = append(out, p[key]...)
	}
	return out
}

// endpoints are the ends that names mean, and the places of these.
func (b *builder) endpoints(body hcl.Body, attr string, names []string) (ends []Endpoint, at []string) {
	if b.ends == nil {
		b.ends = b.w.places()
	}
	for _, name := range names {
		key := b.end(body, attr, name)
		if b.ends[key] == nil {
			b.unknown(body, attr, "machine, network or host", name, b.places())
		}
		at = append(at, key)
	}
	return b.ends.all(at), at
}

// end is the place that a name means: of several kinds the first that has it.
func (b *builder) end(body hcl.Body, attr, name string) string {
	found := ids(b, b.vms, name)
	if len(found) == 0 {
		found = ids(b, b.nics, name)
	}
	if len(found) == 0 && b.hosts[name] != nil {
		return hostPlace(name)
	}
	if len(found) == 0 {
		found = ids(b, b.sets, name)
	}
	if len(found) == 0 {
		found = slices.Concat(ids(b, b.vnets, name), ids(b, b.subnets, name))
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
	default:
		b.ambiguous(body, attr, name, b.called(found[0]), b.called(found[1]))
	}
	return found[0].Key()
}

// places lists all names that endpoints understands.
func (b *builder) places() []string {
	out := slices.Concat(keys(b.vms), keys(b.sets), keys(b.nics), keys(b.hosts), keys(b.vnets), keys(b.subnets))
	slices.Sort(out)
	return out
}
