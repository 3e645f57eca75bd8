//go:build unix

package parquet

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// throughCache reads a file of flow logs in the way that was left: each row goes to the
// flow cache as an observation, known by a hash of 128 bits of its addresses, ports and
// context. It is here to be compared with, in what it says and in what it costs.
type throughCache struct {
	*grouper
	seeds  [4]uint64
	hashes [2][][2]uint64 // by slot of sources and destinations
	ports  [2][]uint16    // by slot
	block  [blockRows]flow.Observation
}

func mixed(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// prepare hashes the addresses of a row group, and makes its ports numbers.
func (c *throughCache) prepare() {
	for i := range c.hashes {
		c.hashes[i], c.ports[i] = c.hashes[i][:0], c.ports[i][:0]
		for _, a := range c.rows.columns[groupSlots[i]].addresses[1:] {
			c.hashes[i] = append(c.hashes[i], [2]uint64{mixed(a.Hi^c.seeds[0], a.Lo^c.seeds[1]), mixed(a.Lo^c.seeds[2], a.Hi^c.seeds[3])})
		}
		c.hashes[i] = append(c.hashes[i], [2]uint64{c.seeds[1], c.seeds[2]})
		for _, p := range c.rows.columns[groupSlots[2+i]].others {
			c.ports[i] = append(c.ports[i], uint16(p))
		}
		c.ports[i] = append(c.ports[i], 0)
	}
}

// all gives the rows of a row group, all of flow logs, to the cache.
func (c *throughCache) all() {
	g := c.rows
	c.prepare()
	var contexts []uint32
	for i := range c.kinds.of {
		contexts = append(contexts, c.to.Cache.Context(c.kinds.of[i].Context))
	}
	there := g.columns[colSentPackets].there
	var values [4][]int64
	for i, col := range groupCounters {
		if values[i] = g.columns[col].ints; len(values[i]) == 0 {
			values[i] = []int64{0}
		}
	}
	n, from := 0, 0
	key := func(i int) (flow.Key, bool) {
		i += from
		return flow.Key{Src: c.address(colSource, c.slots[0][i]), Dst: c.address(colDestination, c.slots[1][i]), SrcPort: c.ports[0][c.slots[2][i]],
			DstPort: c.ports[1][c.slots[3][i]], Proto: c.kinds.of[c.kinds.list[c.kinds.index[i]].context].proto}, true
	}
	for ; from < g.total; from += blockRows {
		block := c.block[:min(blockRows, g.total-from)]
		for j := range block {
			i := from + j
			k, o := &c.kinds.list[c.kinds.index[i]], &block[j]
			a, b := &c.hashes[0][c.slots[0][i]], &c.hashes[1][c.slots[1][i]]
			p := (uint64(c.ports[0][c.slots[2][i]])<<24 | uint64(c.ports[1][c.slots[3][i]])<<8 | uint64(c.kinds.of[k.context].proto)) * 0x9e3779b97f4a7c15
			o.Hash = [2]uint64{mixed(a[0]^p, b[0]), mixed(a[1], b[1]^p)}
			measured, m := bit(there[i]), min(n, len(values[0])-1)
			o.Counters = [4]uint64{uint64(values[0][m]) & -measured, uint64(values[1][m]) & -measured, uint64(values[2][m]) & -measured, uint64(values[3][m]) & -measured}
			n += int(measured)
			o.Time, o.Measured, o.State, o.Context = g.columns[colFirst].ints[i]*1000, there[i], k.state, contexts[k.context]
		}
		c.to.Cache.Resolve(block, key)
		c.to.Cache.Count(block, c.to.Add)
	}
	c.to.Cache.Flush(c.to.Add)
}

// readThrough reads a file in this way, or else as ReadAt does.
func readThrough(t testing.TB, file []byte, names *flow.Names, cache bool, to flow.Sink) {
	in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}}
	tail, err := readTail(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	g := &reading{r: bytes.NewReader(file), in: in, tail: tail}
	w := g.worker(to)
	c := &throughCache{grouper: &w.by, seeds: [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}}
	for {
		at, ok := g.claim()
		if !ok {
			return
		}
		if err := w.load(at); err != nil {
			t.Fatal(err)
		}
		switch {
		case !cache:
			w.by.group(&w.rows, &w.columns.alike)
		case !w.by.kinds.combine(&w.rows):
			t.Fatal("too many kinds")
		default:
			w.by.begin(&w.rows)
			c.all()
		}
	}
}

// TestGroupsAsTheCacheDoes wants rows that are added up by their slots to be what the
// flow cache makes of them.
func TestGroupsAsTheCacheDoes(t *testing.T) {
	for seed := range flowtest.Seeds(20) {
		names := flow.NewNames()
		list := slices.DeleteFunc(logged(seed, 3000, names), func(r flow.Record) bool { return r.State == flow.StateUnknown })
		for i := range list { // no row of which a cache line could not add up
			list[i].Sent.Packets %= 1 << 20
			list[i].Received.Packets %= 1 << 20
			switch i % 60 {
			case 7:
				list[i].Src = flow.Addr{} // no address is private to both, or to neither
			case 8:
				list[i].Src, list[i].Dst = flow.Addr{}, flow.Addr{}
			case 9:
				list[i].Dst = flow.Addr4(10<<24 | 1)
			}
		}
		file := write(t, list, names, 700, Meta{})
		var said [2]string
		for i, cache := range []bool{false, true} {
			a := flowtest.NewAdded()
			a.Names = names
			readThrough(t, file, names, cache, flow.Sink{Add: a.Add, Cache: &aggregate.Cache{Intervals: a.Intervals}})
			said[i] = a.String()
		}
		if said[0] != said[1] {
			t.Fatalf("seed %d:\ngroups %.1000s\ncache  %.1000s", seed, said[0], said[1])
		}
	}
}

// BenchmarkGroupsAgainstCache compares the processor time of both ways, by turns, with
// the table that the flows go to: the ratio is that of the cache to the groups.
func BenchmarkGroupsAgainstCache(b *testing.B) {
	names := flow.NewNames()
	file := write(b, busy(benchRows, names), names, groupRows, Meta{})
	var spent [2]time.Duration
	turn := 0
	for b.Loop() {
		turn++
		for k := range 2 { // each goes first by turns, and pays for its own garbage
			i := (turn + k) % 2
			cache := i == 1
			runtime.GC()
			table := aggregate.New(names)
			before := processorTime()
			readThrough(b, file, names, cache, flow.Sink{Add: func(all flow.Batch) bool { table.Add(0, all); return true }, Cache: &aggregate.Cache{Intervals: table.AddIntervals}})
			spent[i] += processorTime() - before
		}
	}
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N*benchRows), "groups-ns/row")
	b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N*benchRows), "cache-ns/row")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "ratio")
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
