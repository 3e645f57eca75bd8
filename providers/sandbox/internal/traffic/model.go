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
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Model answers questions about the traffic of one world. It does not change
// and may be used by several goroutines.
type Model struct {
	w     *world.World
	noise *noise
	pairs []*pair
	at    map[*world.NIC][]*pair // by the interfaces that take part
}

// New prepares the traffic of w.
func New(w *world.World) *Model {
	m := &Model{w: w, noise: newNoise(w.Seed), at: map[*world.NIC][]*pair{}}
	for _, t := range w.Traffic {
		scripts := m.scripts(t)
		for _, from := range t.From {
			for _, to := range t.To {
				m.add(t, from, to, scripts)
			}
		}
	}
	return m
}

// add makes the pair of from and to, unless nobody would see its traffic.
func (m *Model) add(t *world.Traffic, from, to world.Endpoint, scripts []script) {
	same := from.NIC != nil && from.NIC == to.NIC
	if same || !from.Running() || from.NIC == nil && !to.Running() {
		return
	}
	p := newPair(m, t, from, to, scripts)
	p.order = len(m.pairs)
	m.pairs = append(m.pairs, p)
	for _, nic := range []*world.NIC{from.NIC, to.NIC} {
		if nic != nil && nic.Running() {
			m.at[nic] = append(m.at[nic], p)
		}
	}
}

// NICs returns the interfaces of running machines that a VNet, subnet, NIC,
// VM, scale set or instance covers, in the order of the world.
func (m *Model) NICs(target plan.ID) []*world.NIC {
	var out []*world.NIC
	for _, n := range m.w.NICs {
		if n.Running() && covers(target, n) {
			out = append(out, n)
		}
	}
	return out
}

func covers(target plan.ID, n *world.NIC) bool {
	key := target.Key()
	for _, id := range []plan.ID{n.ID, n.Subnet.ID, n.Subnet.VNet.ID, plan.ID(n.Machine())} {
		if id.Key() == key {
			return true
		}
	}
	return n.Instance != nil && n.Instance.Set.ID.Key() == key
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
