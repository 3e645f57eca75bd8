// Package traffic computes what the machines of a simulated world send: flow
// log records and captured packets. Every packet of every connection is a
// closed form of the world, its seed and the time, so nothing runs, nothing is
// remembered, any hour can be asked for in any order and in any process, and
// flow logs and captures agree because both count the same packets.
//
// A packet has one time, at which both of its ends see it. Captures show what
// reaches or leaves a machine: what a rule on its way denies is not in them,
// also where a real capture, taken inside the machine, would still show the
// attempt that the machine's own rules stopped.
package traffic

import (
	"slices"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Model answers questions about the traffic of one world. It does not change
// and may be used by several goroutines.
//
// Clients change a world while it runs. A model knows every state of it and
// from when on it was so: a connection obeys the rules of the moment at which
// it begins, as those of Azure do, and ends with the machine that it is of.
type Model struct {
	w     *world.World // as it was first
	noise *noise
	pairs []*pair
	at    map[string][]*pair // by the ids of the interfaces that take part
	stays map[string][]*stay // of running interfaces, by their ids
	order []string           // of the keys of stays

	// Made when they are first asked for.
	covered func() map[string][]*world.NIC // see index
	macs    func() map[string]*world.NIC
}

// Since is what a world became, and when.
type Since struct {
	At    time.Time
	World *world.World
}

// stay is a time in which an interface ran in one place.
type stay struct {
	nic          *world.NIC
	since, until int64
}

// ever is before all times.
const ever = -never

// New prepares the traffic of w, which became what changes say, in their order.
func New(w *world.World, changes ...Since) *Model {
	m := &Model{w: w, noise: newNoise(w.Seed), at: map[string][]*pair{}, stays: map[string][]*stay{}}
	m.covered, m.macs = sync.OnceValue(m.index), sync.OnceValue(m.indexMACs)
	open := map[string]*pair{}
	open = m.enter(w, ever, open)
	for _, c := range changes {
		open = m.enter(c.World, c.At.UnixMicro(), open)
	}
	return m
}

// enter goes on with a world from at on. open are the pairs that talk so far,
// by what they are; it returns those that talk from now on.
func (m *Model) enter(w *world.World, at int64, open map[string]*pair) map[string]*pair {
	m.settle(w, at)
	now := map[string]*pair{}
	for _, t := range w.Traffic {
		var scripts []script
		for _, from := range t.From {
			for _, to := range t.To {
				same := from.NIC != nil && to.NIC != nil && from.NIC.ID.Is(to.NIC.ID)
				if same || !from.Running() || from.NIC == nil && !to.Running() {
					continue // nobody would see it
				}
				key := t.Name + "\x00" + place(from) + "\x00" + place(to)
				if now[key] != nil {
					continue // an end that the file names twice
				}
				if scripts == nil {
					scripts = m.scripts(t)
				}
				p := newPair(m, w, t, from, to, scripts)
				if old := open[key]; old != nil && old.like(p) {
					now[key] = old
					continue
				}
				p.born, p.order = at, len(m.pairs)
				p.longest = p.bound()
				m.pairs, now[key] = append(m.pairs, p), p
				for _, nic := range []*world.NIC{from.NIC, to.NIC} {
					if nic != nil && nic.Running() {
						m.at[nic.ID.Key()] = append(m.at[nic.ID.Key()], p)
					}
				}
			}
		}
	}
	for key, old := range open {
		next := now[key]
		if next == old {
			continue
		}
		old.dies = at
		if next == nil || !old.sameEnds(next) {
			old.cut = at
		}
	}
	return now
}

// settle notes which interfaces run from at on, and where.
func (m *Model) settle(w *world.World, at int64) {
	here := map[string]bool{}
	for _, n := range w.NICs {
		if !n.Running() || n.MAC == "" {
			continue
		}
		key := n.ID.Key()
		here[key] = true
		all := m.stays[key]
		if len(all) == 0 {
			m.order = append(m.order, key)
		}
		if last := len(all) - 1; last >= 0 && all[last].until == never {
			if old := all[last].nic; old.Subnet.ID.Is(n.Subnet.ID) && old.Machine() == n.Machine() && old.MAC == n.MAC {
				continue
			}
			all[last].until = at
		}
		m.stays[key] = append(all, &stay{n, at, never})
	}
	if at == ever {
		return
	}
	for key, all := range m.stays {
		if last := all[len(all)-1]; !here[key] && last.until == never {
			last.until = at
		}
	}
}

// NICs returns the interfaces of machines that ran at any time and that a
// VNet, subnet, NIC, VM, scale set or instance covers, in the order of the world.
func (m *Model) NICs(target plan.ID) []*world.NIC { return m.covered()[target.Key()] }

// index returns the interfaces that each resource covers, by the key of its id.
func (m *Model) index() map[string][]*world.NIC {
	all := map[string][]*world.NIC{}
	for _, key := range m.order {
		here := map[string]bool{}
		for _, s := range m.stays[key] {
			for _, id := range coveredBy(s.nic) {
				if k := id.Key(); k != "" && !here[k] {
					here[k], all[k] = true, append(all[k], s.nic)
				}
			}
		}
	}
	return all
}

// ByMAC returns the interface that has or had a MAC, or nil.
func (m *Model) ByMAC(mac string) *world.NIC { return m.macs()[mac] }

func (m *Model) indexMACs() map[string]*world.NIC {
	all := map[string]*world.NIC{}
	for _, key := range m.order {
		for _, s := range m.stays[key] {
			if all[s.nic.MAC] == nil {
				all[s.nic.MAC] = s.nic
			}
		}
	}
	return all
}

// covers reports whether an interface is, or is in or of, what has that id.
func covers(target plan.ID, n *world.NIC) bool {
	return slices.ContainsFunc(coveredBy(n), target.Is)
}

// coveredBy are the resources by which an interface can be named.
func coveredBy(n *world.NIC) []plan.ID {
	all := []plan.ID{n.ID, n.Subnet.ID, n.Subnet.VNet.ID, plan.ID(n.Machine())}
	for _, g := range []*world.NSG{n.Subnet.NSG, n.NSG} {
		if g != nil {
			all = append(all, g.ID)
		}
	}
	if n.Instance != nil {
		all = append(all, n.Instance.Set.ID)
	}
	if n.VM != nil && n.VM.Set != nil {
		all = append(all, n.VM.Set.ID)
	}
	return all
}

// rank orders the targets of flow logs by how specific they are.
func rank(target plan.ID) int {
	switch typ := strings.ToLower(target.Type()); {
	case strings.HasSuffix(typ, "/networkinterfaces"):
		return 2
	case strings.HasSuffix(typ, "/subnets"):
		return 1
	}
	return 0
}
