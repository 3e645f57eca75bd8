package parquet

import (
	"slices"

	"flowctl/collectors/flow"
)

// grouper adds up the rows of a row group that are of flow logs, by flow and apart
// by minute. Within a row group addresses, ports and texts have numbers, so
// that a flow is known by few of them and no text is looked at.
type grouper struct {
	to     flow.Sink
	rows   *rows
	kinds  kinds
	slots  [4][]int32 // by row: of groupSlots
	memory [4][]int32
	flows  flowTable
	block  [blockRows]found
	sink   uint64 // keeps loads alive that only warm the cache

	private [2][]uint8 // 1 for sources and destinations that are, by slot

	from, until int64      // the minute, in microseconds
	ofMinute    []interval // of it, by two times the number of the context, + 1 if both addresses are private
	active      []uint32
	intervals   []flow.Interval
	outside     uint64 // rows that the cache does not want
	out         [batchRows]flow.Record
}

// interval is what flows of a context did in a minute.
type interval struct {
	packets, bytes        uint64
	begun, ended, records uint32
	measured              bool
}

// groupSlots are the columns whose slots tell flows apart.
var groupSlots = [4]int{colSource, colDestination, colSourcePort, colDestinationPort}

// groupCounters are the columns that are added up.
var groupCounters = [4]int{colSentPackets, colSentIPBytes, colReceivedPackets, colReceivedIPBytes}

// foreign are the columns that no flow log has a value for.
var foreign = [...]int{colSentFrameBytes, colReceivedFrameBytes, colEtherType, colTunnel, colTCPPartly, colFirstNanos, colLastNanos}

// group gives on the rows of g: those of flow logs added up, the others as
// records. It reports false if no more are wanted.
func (f *grouper) group(g *rows, a *sharedSlices) bool {
	if f.to.Cache == nil || f.to.Cache.Single() || !f.kinds.combine(g) {
		g.spread(a)
		return f.records(g, func(int) bool { return true })
	}
	f.begin(g)
	if f.pure(g) {
		f.all()
	} else {
		g.spread(a)
		if !f.records(g, f.foreign) {
			return false
		}
	}
	f.minute(0)
	f.to.Cache.AddIntervals(f.intervals, f.outside)
	f.intervals, f.outside = f.intervals[:0], 0
	return f.give()
}

// begin makes ready to add up rows of g.
func (f *grouper) begin(g *rows) {
	f.rows = g
	f.flows.reset()
	f.ofMinute = grow(f.ofMinute, 2*len(f.kinds.of))
	clear(f.ofMinute)
	for i, col := range groupSlots {
		f.slots[i], f.memory[i] = g.columns[col].byRow(f.memory[i])
	}
	for i := range f.private {
		f.private[i] = privates(f.private[i], g.columns[groupSlots[i]].addresses[1:])
	}
	f.from, f.until, f.active = 0, 0, f.active[:0]
}

// privates says which addresses of a dictionary are private, and last whether none is,
// as a table does of records.
func privates(out []uint8, addresses []flow.Addr) []uint8 {
	out = out[:0]
	for _, a := range addresses {
		out = append(out, uint8(bit(a.Private())))
	}
	return append(out, uint8(bit(flow.Addr{}.Private())))
}

// pure reports whether all rows are those of flow logs.
func (f *grouper) pure(g *rows) bool {
	at, until := &g.columns[colFirst], &g.columns[colLast]
	if at.values != g.total || until.values != g.total || g.columns[colState].values != g.total ||
		!g.columns[colGuessed].zero || !same(at.ints, until.ints) {
		return false
	}
	for _, col := range foreign {
		if g.columns[col].values > 0 {
			return false
		}
	}
	for _, col := range groupCounters {
		if !same(g.columns[col].there, g.columns[colSentPackets].there) {
			return false
		}
	}
	return true
}

// same reports whether two columns are, of which many are one in memory.
func same[T comparable](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

// foreign reports whether row i, of columns that are spread, is of no flow log,
// and adds it up if it is. Those of flow logs have one time and a state, and
// either all that flow logs count or nothing.
func (f *grouper) foreign(i int) bool {
	c := &f.rows.columns
	at := c[colFirst].wide[i]
	if !c[colFirst].there[i] || !c[colLast].there[i] || at != c[colLast].wide[i] || !c[colState].there[i] || c[colGuessed].codes[i] != 0 {
		return true
	}
	for _, col := range foreign {
		if c[col].there[i] {
			return true
		}
	}
	measured := c[colSentPackets].there[i]
	var counters [4]uint64
	for k, col := range groupCounters {
		if c[col].there[i] != measured {
			return true
		}
		counters[k] = uint64(c[col].wide[i]) // 0 if it is not there
	}
	f.find(i, i+1)
	f.row(i, f.block[0].number, at, measured, &counters)
	return false
}

// records gives on the rows for which single is true.
func (f *grouper) records(g *rows, single func(i int) bool) bool {
	n := 0
	for i := range g.total {
		if single(i) {
			g.record(&f.out[n], i)
			n++
		}
		if n == len(f.out) || n > 0 && i == g.total-1 {
			if !f.to.Add(f.out[:n]) {
				return false
			}
			n = 0
		}
	}
	return true
}

// byRow are the slots of a column by row; no value is the slot after the
// last. Memory may be used for it.
func (r *read) byRow(memory []int32) (slots, kept []int32) {
	if r.values == len(r.there) {
		return r.slots, memory
	}
	memory = grow(memory, len(r.there))
	n, none := 0, int32(max(len(r.others), len(r.addresses)-1))
	for i, t := range r.there {
		memory[i] = none
		if t {
			memory[i] = r.slots[n]
			n++
		}
	}
	return memory, memory
}
