package traffic

import (
	"iter"
	"net/netip"
	"time"

	"flowctl/providers/sandbox/internal/world"
)

// Tuple is one flow tuple of a flow log, with the rule that decided it.
type Tuple struct {
	At         time.Time
	State      byte // B, C, E, D
	Outbound   bool
	Src, Dst   netip.Addr
	DstPort    uint16
	Protocol   string // tcp or udp
	Encryption string
	ACL, Rule  string

	Packets, Bytes [2]int64 // from source to destination, and back
}

// Tuples yields what log records about nic from one whole minute to another: what its blobs
// have, before it is written.
func (m *Model) Tuples(log Log, nic *world.NIC, from, to time.Time) iter.Seq[Tuple] {
	return func(yield func(Tuple) bool) {
		r := m.recorder(log, nic)
		for at := from.Truncate(time.Minute).UnixMicro(); at < to.UnixMicro(); at += minute {
			if r.minute(at) == nil {
				continue
			}
			for _, g := range r.groups {
				for _, e := range g.events {
					t := Tuple{At: time.UnixMicro(e.at).UTC(), State: e.state, Outbound: e.outbound, Src: e.src, Dst: e.dst, DstPort: e.dport,
						Protocol: e.protocol, Encryption: e.encryption, ACL: g.verdict.ACL, Rule: g.verdict.Rule}
					for d, s := range e.sum {
						t.Packets[d], t.Bytes[d] = s.packets, s.bytes
					}
					if !yield(t) {
						return
					}
				}
			}
		}
	}
}
