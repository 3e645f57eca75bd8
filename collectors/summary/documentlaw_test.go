package summary

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// paired is what two addresses said to each other, the lower one first.
type paired struct {
	A, B               string
	PacketsAB, BytesAB uint64
	PacketsBA, BytesBA uint64
	Flows, Denied      uint64
	First, Last        int64
}

// lineOf is a row of a built-in answer: its key, and sums.
type lineOf struct{ Flows, Denied, Bytes uint64 }

// TestDocumentLaw makes traffic up that each interface alone saw, with several records
// of a flow, and wants of every part of a document what loops over the records find: the
// conversations, the biggest of them, the timeline, services, rules, states of
// encryption.
func TestDocumentLaw(t *testing.T) {
	hosts := []string{"10.0.0.4", "10.0.0.5", "20.0.0.1", "fd00::4", "fd00::5", "::", "9.9.9.9"}
	services := map[string]string{"6/443": "https", "17/443": "quic", "17/53": "dns", "6/53": "dns", "6/7777": "", "17/7777": ""}
	states := []flow.Encryption{flow.EncryptionUnknown, flow.Encrypted, flow.NotEncrypted, flow.Fallback}
	for seed := range flowtest.Seeds(150) {
		r := rand.New(rand.NewPCG(seed, 17))
		names := flow.NewNames()
		var all flow.Batch
		pairs := map[string]*paired{}
		minutesOf := map[int64][4]uint64{} // packets, bytes, begun, denied
		service, rules, encryption := map[string]*lineOf{}, map[string]*lineOf{}, map[string]*lineOf{}
		count := func(to map[string]*lineOf, key string, v lineOf) {
			if to[key] == nil {
				to[key] = &lineOf{}
			}
			at := to[key]
			at.Flows, at.Denied, at.Bytes = at.Flows+v.Flows, at.Denied+v.Denied, at.Bytes+v.Bytes
		}
		var total lineOf
		for port := range uint16(r.IntN(25)) {
			m := made{src: hosts[r.IntN(len(hosts))], dst: hosts[r.IntN(len(hosts))], sport: 1000 + port, dport: []uint16{443, 53, 7777}[r.IntN(3)], proto: []uint8{protoTCP, protoUDP}[r.IntN(2)],
				rule: []string{"a", "b"}[r.IntN(2)], in: r.IntN(2) == 0}
			state := states[r.IntN(len(states))]
			denied := r.IntN(5) == 0
			v := lineOf{Flows: 1}
			for range 1 + r.IntN(4) {
				m.at, m.sent, m.back = r.Int64N(600), uint64(r.IntN(2000)), uint64(r.IntN(2000))
				m.state = []flow.State{flow.Begin, flow.Continue, flow.End}[r.IntN(3)]
				if denied {
					m.state, v.Denied = flow.Deny, 1
				}
				rec := m.record(names)
				rec.Encryption = state
				all = append(all, rec)
				a, b := &rec.Sent, &rec.Received
				low, high := rec.Src, rec.Dst
				if low.Compare(high) > 0 {
					low, high, a, b = high, low, b, a
				}
				key := low.String() + " " + high.String()
				p := pairs[key]
				if p == nil {
					p = &paired{A: low.String(), B: high.String(), First: rec.First, Last: rec.Last}
					pairs[key] = p
				}
				p.PacketsAB, p.BytesAB = p.PacketsAB+a.Packets, p.BytesAB+a.IPBytes
				p.PacketsBA, p.BytesBA = p.PacketsBA+b.Packets, p.BytesBA+b.IPBytes
				p.First, p.Last = min(p.First, rec.First), max(p.Last, rec.Last)
				v.Bytes += a.IPBytes + b.IPBytes
				minute := minutesOf[m.at/60]
				minute[0] += a.Packets + b.Packets
				minute[1] += a.IPBytes + b.IPBytes
				minute[2] += uint64(number(m.state == flow.Begin))
				minute[3] += uint64(number(m.state == flow.Deny))
				minutesOf[m.at/60] = minute
			}
			low, high := addr(m.src), addr(m.dst)
			if low.Compare(high) > 0 {
				low, high = high, low
			}
			at := pairs[low.String()+" "+high.String()]
			at.Flows, at.Denied = at.Flows+1, at.Denied+v.Denied
			total = lineOf{total.Flows + 1, total.Denied + v.Denied, total.Bytes + v.Bytes}
			proto := map[uint8]string{protoTCP: "TCP", protoUDP: "UDP"}[m.proto]
			count(service, fmt.Sprint([]string{proto, fmt.Sprint(m.dport), services[fmt.Sprint(m.proto, "/", m.dport)]}), v)
			count(rules, fmt.Sprint([]string{map[bool]string{true: "denied", false: "allowed"}[denied], m.rule, "", map[bool]string{true: "inbound", false: "outbound"}[m.in]}), v)
			if state != flow.EncryptionUnknown {
				count(encryption, fmt.Sprint([]string{state.String()}), v)
			}
		}
		doc := documentOf(t, names, all, Options{Top: 5})
		if got := (lineOf{doc.Total.Flows, doc.Total.Denied.N, doc.Total.IPBytes.N}); got != total || doc.Total.Records != uint64(len(all)) || doc.Total.Conversations != uint64(len(pairs)) {
			t.Fatalf("seed %d: total %+v of %d records in %d conversations, want %+v, %d, %d", seed, got, doc.Total.Records, doc.Total.Conversations, total, len(all), len(pairs))
		}
		var want, got []paired
		for _, p := range pairs {
			want = append(want, *p)
		}
		slices.SortFunc(want, func(x, y paired) int { return cmp.Or(addr(x.A).Compare(addr(y.A)), addr(x.B).Compare(addr(y.B))) })
		shown := func(c Conversation) paired {
			return paired{c.A, c.B, c.PacketsAB.N, c.IPBytesAB.N, c.PacketsBA.N, c.IPBytesBA.N, c.Flows, c.Denied.N, int64(c.First), int64(c.Last)}
		}
		for c := range doc.Conversations.All() {
			got = append(got, shown(c))
		}
		selfless := func(list []paired) (out []paired) { // of an address with itself, which side is which does not matter
			for _, p := range list {
				if p.A == p.B {
					p.PacketsAB, p.PacketsBA, p.BytesAB, p.BytesBA = p.PacketsAB+p.PacketsBA, 0, p.BytesAB+p.BytesBA, 0
				}
				out = append(out, p)
			}
			return out
		}
		if diff := gocmp.Diff(selfless(want), selfless(got)); diff != "" {
			t.Fatalf("seed %d: conversations (-want +got)\n%s", seed, diff)
		}
		biggest := slices.Clone(want)
		slices.SortStableFunc(biggest, func(x, y paired) int {
			return cmp.Or(cmp.Compare(y.BytesAB+y.BytesBA, x.BytesAB+x.BytesBA), cmp.Compare(y.PacketsAB+y.PacketsBA, x.PacketsAB+x.PacketsBA))
		})
		for i, p := range doc.Top {
			w := biggest[i]
			if sum := p.IPBytesAB.N + p.IPBytesBA.N; sum != w.BytesAB+w.BytesBA || len(doc.Top) != min(5, len(want)) {
				t.Fatalf("seed %d: the biggest but %d has %d bytes, want %d; %d are shown of %d", seed, i, sum, w.BytesAB+w.BytesBA, len(doc.Top), len(want))
			}
		}
		steps := map[int64][4]uint64{}
		for _, s := range doc.Timeline.Steps {
			if v := [4]uint64{s.Packets.N, s.IPBytes.N, s.Begun.N, s.Denied.N}; v != [4]uint64{} {
				steps[s.Start.Time().Sub(time.Unix(0, testStart)).Milliseconds()/60_000] = v
			}
		}
		for minute, v := range minutesOf {
			if v == ([4]uint64{}) {
				delete(minutesOf, minute)
			}
		}
		if diff := gocmp.Diff(minutesOf, steps); diff != "" || len(all) > 0 && doc.Timeline.Seconds != 60 {
			t.Fatalf("seed %d: timeline in steps of %d s (-want +got)\n%s", seed, doc.Timeline.Seconds, diff)
		}
		for _, c := range []struct {
			want map[string]*lineOf
			got  Answer
		}{{service, doc.Services}, {rules, doc.Rules}, {encryption, doc.Encryption}} {
			lines := map[string]*lineOf{}
			for _, row := range c.got.Rows {
				lines[fmt.Sprint(row.Key)] = &lineOf{row.Flows, row.Denied.N, row.IPBytes.N}
			}
			if others := c.got.Others; others != nil {
				var rest lineOf
				for key, v := range c.want {
					if lines[key] == nil {
						rest = lineOf{rest.Flows + v.Flows, rest.Denied + v.Denied, rest.Bytes + v.Bytes}
						delete(c.want, key)
					}
				}
				if rest != (lineOf{others.Flows, others.Denied.N, others.IPBytes.N}) {
					t.Fatalf("seed %d: the others of %s are %+v, want %+v", seed, c.got.Name, others, rest)
				}
			}
			if diff := gocmp.Diff(c.want, lines); diff != "" {
				t.Fatalf("seed %d: %s (-want +got)\n%s", seed, c.got.Name, diff)
			}
		}
	}
}

// TestOrderOfConversations wants conversations in the order of their addresses, also of
// an address and none, whether they were kept in memory or in temporary files.
func TestOrderOfConversations(t *testing.T) {
	list := []flow.Addr{{}, flow.Addr4(1), flow.Addr4(2), flow.Addr4(9 << 24), flow.Unspecified, addr("fd00::1"), addr("fd00::2")}
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 18))
		free := &aggregate.Pool{}
		kept := [2]*pairs{{}, {most: 1 + r.IntN(6)}}
		n := 0
		for _, at := range r.Perm(len(list) * len(list)) {
			a, b := list[at/len(list)], list[at%len(list)]
			if a.Compare(b) > 0 || r.IntN(4) == 0 {
				continue
			}
			n++
			for _, p := range kept {
				p.add(&aggregate.Row{Key: aggregate.Key{Src: a, Dst: b}}, aggregate.FrameBytes{}, free)
			}
		}
		for i, p := range kept {
			var got []*aggregate.Row
			p.all(func(c pair) bool {
				row := *c.row
				got = append(got, &row)
				return true
			})
			if len(got) != n || !slices.IsSortedFunc(got, byAddresses) || p.err != nil {
				t.Fatalf("seed %d, kept %d: %d of %d, in order %v, %v", seed, i, len(got), n, slices.IsSortedFunc(got, byAddresses), p.err)
			}
			if err := p.close(); err != nil {
				t.Error(err)
			}
		}
	}
}
