package aggregate

import "flowctl/collectors/flow"

// FlowTCP is what the headers of TCP said of flows, by the keys of their rows. It is kept
// only where somebody asks for it, and stays in memory.
type FlowTCP map[Key]*TCPSum

// mostFlowTCP is of how many flows it is kept by one worker, so that no capture can fill the
// memory. Of the others it is unknown.
const mostFlowTCP = 1 << 20

// KeepTCP has t and its workers keep what the headers of TCP say of each flow. It is to be
// said before there are workers.
func (t *Table) KeepTCP() { t.TCP, t.store.keepTCP = FlowTCP{}, true }

func (f FlowTCP) add(r *flow.Record, context uint32) {
	k := Key{Src: r.Src, Dst: r.Dst, Context: context, Port: r.DstPort, SrcPort: r.SrcPort, Proto: r.Proto}
	if f[k] == nil && len(f) >= mostFlowTCP {
		return
	}
	f.of(k).add(&r.TCP)
}

func (f FlowTCP) of(k Key) *TCPSum {
	if f[k] == nil {
		f[k] = &TCPSum{}
	}
	return f[k]
}

// merge adds the sums of o, whose contexts have the numbers ids here; nil for the same.
func (f FlowTCP) merge(o FlowTCP, ids []uint32) {
	for k, s := range o {
		if ids != nil {
			k.Context = ids[k.Context]
		}
		f.of(k).merge(s)
	}
}
