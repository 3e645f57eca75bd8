package summary

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// TestHeavyPair checks that pairs of addresses with more flows than fit into memory
// are answered for as if they did: with flows that several points saw, in each
// direction, at the same time and not.
func TestHeavyPair(t *testing.T) {
	names := flow.NewNames()
	tests := map[string]struct {
		pairs, flows int
		again        bool // flows are cut in time
		rounds       int  // at least, in which all is read again
	}{
		"one pair":                            {1, 20_000, false, 0},
		"one pair and small ones":             {300, 3_000, false, 0},
		"flows are cut in time":               {2, 2_000, true, 1},
		"more flows are cut than fit at once": {6, 1_500, true, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			all := heavyPairs(names, tt.pairs, tt.flows, tt.again)
			rounds := 0
			answer := func(limit int) string {
				table := aggregate.New(names)
				table.Limit = limit
				for at := 0; at < len(all); at += 1000 {
					table.Add(0, all[at:min(at+1000, len(all))])
				}
				rounds = 0
				o := Options{Questions: []*Question{Compile(question.Question{Name: "pairs", By: []string{"source.address", "destination.address", "destination.port"}, Top: 50})}}
				o.Again = func(t *aggregate.Table, watch *aggregate.Watch) *aggregate.Detail {
					rounds++
					return watched(t, watch, all)
				}
				return text(t, table, o)
			}
			want := answer(1 << 30)
			if diff := cmp.Diff(want, answer(4000)); diff != "" {
				t.Errorf("document (-in memory +in pieces):\n%.3000s", diff)
			}
			if rounds < tt.rounds || !tt.again && rounds > 0 {
				t.Errorf("all was read again %d times, want %d", rounds, tt.rounds)
			}
		})
	}
}

// watched is what a look at all records once more shows of some flows.
func watched(t *aggregate.Table, watch *aggregate.Watch, all flow.Batch) *aggregate.Detail {
	var d aggregate.Detail
	for i := range all {
		if watch.Has(&all[i].Key) {
			d.Add(&all[i], t.Number(&all[i]))
		}
	}
	return &d
}

// heavyPairs are flows of pairs of addresses, of which the first ones have nearly
// all. Two interfaces see a part of them, in records of two minutes; if they are
// to be cut, one of them begins later.
func heavyPairs(names *flow.Names, pairs, flows int, cut bool) flow.Batch {
	r := rand.New(rand.NewPCG(uint64(pairs), uint64(flows)))
	var all flow.Batch
	for p := range uint32(pairs) {
		n := flows
		if p >= 6 {
			n = 5
		}
		for i := range n {
			k := flow.Key{Src: flow.Addr4(10<<24 | 5), Dst: flow.Addr4(20<<24 | p), SrcPort: uint16(1024 + i), DstPort: uint16(1 + r.IntN(700)), Proto: 6}
			if r.IntN(3) == 0 {
				k.Src, k.Dst = k.Dst, k.Src
			}
			state := flow.Continue
			if r.IntN(9) == 0 {
				state = flow.Deny
			}
			for point, mac := range []string{macA, macB} {
				if point == 1 && r.IntN(2) == 0 && !cut {
					continue
				}
				for minute := range 2 {
					from := int64(minute + 5*point)
					if !cut {
						from = int64(minute)
					}
					all = append(all, observation{mac, flow.Outbound, 60 * from, 60*from + 30, uint64(1 + r.IntN(50)), false, state}.record(names, k))
				}
				if cut { // and both see the end
					all = append(all, observation{mac, flow.Outbound, 600, 630, uint64(1 + r.IntN(50)), false, state}.record(names, k))
				}
			}
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
