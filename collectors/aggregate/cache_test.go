package aggregate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// cached is what a cache adds up for: what went on, by flow and by minute.
type cached struct {
	flows   map[cachedFlow]cachedSum
	minutes map[cachedMinute]cachedSum
}

type cachedFlow struct {
	flow.Key
	flow.Context
}

type cachedMinute struct {
	flow.Context
	private bool
	start   int64
}

type cachedSum struct {
	packets, bytes, received, receivedBytes uint64
	records, begins, ends                   uint64
	measured                                flow.Measure
	first, last                             int64
}

func newCached() *cached {
	return &cached{map[cachedFlow]cachedSum{}, map[cachedMinute]cachedSum{}}
}

// observe adds an observation as the oracle.
func (c *cached) observe(k flow.Key, in flow.Context, o *flow.Observation) {
	private := k.Src.Private() && k.Dst.Private()
	one := cachedSum{packets: o.Counters[0], bytes: o.Counters[1], received: o.Counters[2], receivedBytes: o.Counters[3], records: 1, first: o.Time, last: o.Time}
	if o.Measured {
		one.measured = flow.Packets | flow.IPBytes
	}
	if o.State == flow.Begin {
		one.begins = 1
	}
	if o.State == flow.End {
		one.ends = 1
	}
	at := c.flows[cachedFlow{k, in}]
	if at.records == 0 {
		at.first, at.last = math.MaxInt64, math.MinInt64
	}
	at.add(one)
	at.ends = min(at.ends, 1) // whether, not how often
	c.flows[cachedFlow{k, in}] = at
	start := int64(math.Floor(float64(o.Time)/60e9)) * 60e9
	m := c.minutes[cachedMinute{in, private, start}]
	one.packets, one.bytes, one.received, one.receivedBytes = one.packets+one.received, one.bytes+one.receivedBytes, 0, 0
	one.first, one.last = 0, 0
	m.add(one)
	c.minutes[cachedMinute{in, private, start}] = m
}

func (s *cachedSum) add(o cachedSum) {
	s.packets, s.bytes, s.received, s.receivedBytes = s.packets+o.packets, s.bytes+o.bytes, s.received+o.received, s.receivedBytes+o.receivedBytes
	s.records, s.begins, s.ends = s.records+o.records, s.begins+o.begins, s.ends+o.ends
	s.measured |= o.measured
	s.first, s.last = min(s.first, o.first), max(s.last, o.last)
}

// give takes what a cache gives on.
func (c *cached) give(b flow.Batch) bool {
	for _, r := range b {
		in := flow.Context{Point: r.Point, Log: r.Log, Target: r.Target, Rule: r.Rule, ACL: r.ACL, Direction: r.Direction, Encryption: r.Encryption, Class: r.Class, Denied: r.State == flow.Deny}
		at := c.flows[cachedFlow{r.Key, in}]
		if at.records == 0 {
			at.first, at.last = math.MaxInt64, math.MinInt64
		}
		sum := cachedSum{packets: r.Sent.Packets, bytes: r.Sent.IPBytes, received: r.Received.Packets, receivedBytes: r.Received.IPBytes,
			records: uint64(r.Records), begins: uint64(r.Begins), measured: r.Measured, first: r.First, last: r.Last}
		if r.State == flow.End {
			sum.ends = 1
		}
		at.add(sum)
		at.ends = min(at.ends, 1)
		c.flows[cachedFlow{r.Key, in}] = at
	}
	return true
}

func (c *cached) intervals(all []flow.Interval) {
	for _, v := range all {
		k := cachedMinute{v.Context, v.Private, v.Start}
		m := c.minutes[k]
		m.add(cachedSum{packets: v.Packets, bytes: v.IPBytes, records: v.Records, begins: v.Begun, ends: v.Ended, measured: v.Measured})
		c.minutes[k] = m
	}
}

// observed makes up observations of few flows. Their hashes are of their keys.
func observed(r *rand.Rand, c *Cache, n int, most uint64) ([]flow.Observation, []flow.Key, []flow.Context) {
	contexts := []flow.Context{{Point: 1, Rule: 2}, {Point: 1, Rule: 3, Denied: true}, {Point: 2, Direction: flow.Outbound, Class: flow.NSGLog}}
	all, keys, in := make([]flow.Observation, n), make([]flow.Key, n), make([]flow.Context, n)
	for i := range all {
		src := flow.Addr4(10<<24 | uint32(r.IntN(40)))
		if r.IntN(4) == 0 {
			src = flow.Addr4(20<<24 | uint32(r.IntN(40)))
		}
		k := flow.Key{Src: src, Dst: flow.Addr4(10<<24 | 99), SrcPort: uint16(r.IntN(9)), Proto: 6}
		in[i] = contexts[r.IntN(3)]
		state := []flow.State{flow.Begin, flow.Continue, flow.End}[r.IntN(3)]
		if in[i].Denied {
			state = flow.Deny
		}
		keys[i] = k
		all[i] = flow.Observation{
			Hash:  [2]uint64{Mix(k.Src.Lo, uint64(k.SrcPort)|1<<40), k.Src.Lo<<16 | uint64(k.SrcPort)},
			State: state, Context: c.Context(in[i]), Time: int64(r.IntN(400)-100) * 1e9,
		}
		if state != flow.Begin && r.IntN(3) > 0 {
			all[i].Measured = true
			all[i].Counters = [4]uint64{r.Uint64N(most), r.Uint64N(1e6), r.Uint64N(most), r.Uint64N(1e6)}
		}
	}
	return all, keys, in
}

// TestCache compares a cache with maps: with counters that a row takes and with such
// that it does not, flushed now and then.
func TestCache(t *testing.T) {
	for name, most := range map[string]uint64{"small": 100, "large": 1 << 33, "near the end of a row": 1<<31 + 2} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				r := rand.New(rand.NewPCG(seed, 5))
				got, want := newCached(), newCached()
				c := &Cache{Intervals: got.intervals}
				for range 6 {
					all, keys, in := observed(r, c, r.IntN(3000), most)
					for i := range all {
						want.observe(keys[i], in[i], &all[i])
					}
					if !c.Resolve(all, func(i int) (flow.Key, bool) { return keys[i], true }) {
						t.Fatal("not resolved")
					}
					for i := range all {
						if k, context := c.Flow(&all[i]); k != keys[i] || context != in[i] {
							t.Fatalf("seed %d: an observation of %v is of %v", seed, keys[i], k)
						}
					}
					c.Count(all, got.give)
					if r.IntN(2) == 0 {
						before := c.Generation()
						if c.Flush(got.give); c.Generation() == before {
							t.Error("flows have gone on, and their numbers stay")
						}
					}
				}
				c.Flush(got.give)
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(cached{}, cachedFlow{}, cachedMinute{}, cachedSum{})); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%.2000s", seed, diff)
				}
			}
		})
	}
}

// TestCacheWindow leaves out what is outside, and says how much.
func TestCacheWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	got, want := newCached(), newCached()
	c := &Cache{Intervals: got.intervals, Start: 30e9, End: 150e9}
	var seen int
	c.Each = func(all []flow.Observation) { seen += len(all) }
	if !c.Single() {
		t.Error("every observation is wanted")
	}
	all, keys, in := observed(r, c, 4000, 100)
	outside := uint64(0)
	for i := range all {
		if all[i].Time < 30e9 || all[i].Time >= 150e9 {
			outside++
		} else {
			want.observe(keys[i], in[i], &all[i])
		}
	}
	c.Resolve(all, func(i int) (flow.Key, bool) { return keys[i], true })
	c.Count(all, got.give)
	c.Flush(got.give)
	if c.Outside != outside || seen != len(all) {
		t.Errorf("%d are outside, want %d; %d of %d were seen", c.Outside, outside, seen, len(all))
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(cached{}, cachedFlow{}, cachedMinute{}, cachedSum{})); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
	c.AddIntervals([]flow.Interval{{Packets: 5, Start: 60e9}}, 3)
	c.AddIntervals(nil, 4)
	if c.Outside != outside+7 || got.minutes[cachedMinute{start: 60e9}].packets != 5 {
		t.Error("what a reader added up itself is not taken")
	}
}

// TestCacheGivesUp stops where a key is none, and when no more is wanted.
func TestCacheGivesUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	c := &Cache{Intervals: func([]flow.Interval) {}}
	all, keys, _ := observed(r, c, 500, 100)
	if c.Resolve(all, func(i int) (flow.Key, bool) { return keys[i], i != 200 }) && func() bool { return all[200].Row == 0 }() {
		t.Error("an observation without a flow was resolved")
	}
	c = &Cache{Intervals: func([]flow.Interval) {}}
	all, keys, _ = observed(r, c, 500, 100)
	c.Resolve(all, func(i int) (flow.Key, bool) { return keys[i], true })
	c.Count(all, func(flow.Batch) bool { t.Error("a small cache goes on"); return false })
	calls := 0
	if c.Flush(func(flow.Batch) bool { calls++; return false }) || calls != 1 {
		t.Errorf("%d batches were given on after the first was too much", calls)
	}
}

// TestCacheFull lets all flows go on when there are too many.
func TestCacheFull(t *testing.T) {
	c := &Cache{Intervals: func([]flow.Interval) {}}
	context := c.Context(flow.Context{Point: 1})
	flows, records := 0, uint32(0)
	give := func(b flow.Batch) bool {
		for _, r := range b {
			flows, records = flows+1, records+r.Records
		}
		return true
	}
	const many = 3 * cacheRows
	for at := 0; at < many; at += 512 {
		var all []flow.Observation
		for i := range 512 {
			n := uint64(at + i)
			all = append(all, flow.Observation{Hash: [2]uint64{n * 0x9e3779b97f4a7c15, n}, Context: context, State: flow.Continue})
		}
		c.Resolve(all, func(i int) (flow.Key, bool) { return flow.Key{Src: flow.Addr4(uint32(at + i))}, true })
		c.Count(all, give)
		if len(c.rows) > cacheRows+512 {
			t.Fatalf("%d rows are kept", len(c.rows))
		}
	}
	c.Flush(give)
	if flows != many || records != many {
		t.Errorf("%d flows of %d records came out, want %d", flows, records, many)
	}
}
