package summary

import (
	"flowctl/collectors/aggregate"
	"math/rand/v2"

	"flowctl/collectors/flow"
)

// world makes up flow log records: machines that open flows to public and
// private peers at a few services, some of them denied, as a busy VNet has.
type world struct {
	names  *flow.Names
	points []flow.ID
	rules  []flow.ID
	acl    flow.ID
	peers  int
	r      *rand.Rand
}

const testStart = int64(1778320800e9) // 2026-05-09T10:00:00Z

func newWorld(seed uint64, points, peers int) *world {
	w := &world{names: flow.NewNames(), peers: peers, r: rand.New(rand.NewPCG(seed, 7))}
	for i := range points {
		w.points = append(w.points, w.names.Of(macOf(i)))
	}
	for _, n := range []string{"DefaultRule_AllowInternetOutBound", "UserRule_web", "DefaultRule_DenyAllInBound"} {
		w.rules = append(w.rules, w.names.Of(n))
	}
	w.acl = w.names.Of("0f0f0f0f-0000-4000-8000-000000000001")
	return w
}

// count returns a table of so many thousand records; a budget of 0 is the usual
// one.
func (w *world) count(thousands int, budget int64) *aggregate.Table {
	table := aggregate.New(w.names)
	if budget > 0 {
		table.Budget(budget)
	}
	b := make(flow.Batch, 1000)
	for range thousands {
		w.fill(b)
		table.Add(0, b)
	}
	return table
}

func macOf(i int) string {
	const hex = "0123456789ABCDEF"
	return "0022484D00" + string([]byte{hex[i>>4&15], hex[i&15]})
}

// fill makes up the records of b: runs at one interface under one rule.
func (w *world) fill(b flow.Batch) {
	services := []uint16{443, 443, 443, 80, 1433, 5432, 22, 53}
	for i := range b {
		p := w.r.IntN(len(w.points))
		r := flow.Record{
			Key: flow.Key{
				Src: flow.Addr4(10<<24 | uint32(p+4)), Dst: flow.Addr4(20<<24 | uint32(w.r.IntN(w.peers))),
				SrcPort: uint16(1024 + w.r.IntN(60000)), DstPort: services[w.r.IntN(len(services))], Proto: protoTCP,
			},
			Point: w.points[p], Rule: w.rules[0], ACL: w.acl, Direction: flow.Outbound, Encryption: flow.NotEncrypted,
		}
		r.First = testStart + w.r.Int64N(3600)*1e9
		r.Last = r.First
		switch k := w.r.IntN(10); {
		case k < 3:
			r.State = flow.Begin
		case k == 9:
			r.Src, r.Dst = r.Dst, r.Src
			r.State, r.Direction, r.Rule = flow.Deny, flow.Inbound, w.rules[2]
		default:
			r.State = flow.Continue
			r.Measured = flow.Packets | flow.IPBytes
			r.Sent = flow.Count{Packets: uint64(1 + w.r.IntN(100)), IPBytes: uint64(60 + w.r.IntN(100000))}
			r.Received = flow.Count{Packets: uint64(1 + w.r.IntN(100)), IPBytes: uint64(60 + w.r.IntN(100000))}
		}
		b[i] = r
	}
}
