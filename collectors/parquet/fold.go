package parquet

import (
	"slices"

	"flowctl/collectors/flow"
)

// fold adds up the rows of a row group that are of flow logs, by flow and apart
// by minute. Within a row group addresses, ports and texts have numbers, so
// that a flow is known by few of them and no text is looked at.
type fold struct {
	to     flow.Sink
	rows   *rows
	kinds  kinds
	places [4][]int32 // by row: of foldPlaces
	memory [4][]int32
	flows  flowTable
	block  [blockRows]found
	sink   uint64 // keeps loads alive that only warm the cache

	private [2][]uint8 // 1 for sources and destinations that are, by place

	from, until int64  // the minute, in microseconds
	spans       []span // of it, by two times the number of the context, + 1 if both addresses are private
	active      []uint32
	steps       []flow.Step
	out         [batchRows]flow.Record
}

// span is what flows of a context did in a minute.
type span struct {
	packets, bytes        uint64
	begun, ended, records uint32
	measured              bool
}

// foldPlaces are the columns whose places tell flows apart.
var foldPlaces = [4]int{colSource, colDestination, colSourcePort, colDestinationPort}

// foldCounters are the columns that are added up.
var foldCounters = [4]int{colSentPackets, colSentIPBytes, colReceivedPackets, colReceivedIPBytes}

// foreign are the columns that no flow log has a value for.
var foreign = [...]int{colSentFrameBytes, colReceivedFrameBytes, colEtherType, colTunnel, colTCPPartly, colFirstNanos, colLastNanos}

// group gives on the rows of g: those of flow logs added up, the others as
// records. It reports false if no more are wanted.
func (f *fold) group(g *rows, a *alike) bool {
	if f.to.Sums == nil || f.to.Sums.Each != nil || !f.kinds.combine(g) {
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
	if len(f.steps) > 0 {
		f.to.Sums.Steps(f.steps)
	}
	f.steps = f.steps[:0]
	return f.give()
}

// begin makes ready to add up rows of g.
func (f *fold) begin(g *rows) {
	f.rows = g
	f.flows.reset()
	f.spans = grow(f.spans, 2*len(f.kinds.of))
	clear(f.spans)
	for i, col := range foldPlaces {
		f.places[i], f.memory[i] = g.columns[col].byRow(f.memory[i])
	}
	for i := range f.private {
		f.private[i] = privates(f.private[i], g.columns[foldPlaces[i]].addresses[1:])
	}
	f.from, f.until = 0, 0
}

// privates says which addresses of a dictionary are private; none is not.
func privates(out []uint8, addresses []flow.Addr) []uint8 {
	out = out[:0]
	for _, a := range addresses {
		out = append(out, uint8(bit(a.Private())))
	}
	return append(out, 0)
}

// pure reports whether all rows are those of flow logs.
func (f *fold) pure(g *rows) bool {
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
	for _, col := range foldCounters {
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
func (f *fold) foreign(i int) bool {
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
	for k, col := range foldCounters {
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
func (f *fold) records(g *rows, single func(i int) bool) bool {
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

// byRow are the places of a column by row; no value is the place after the
// last. Memory may be used for it.
func (r *read) byRow(memory []int32) (places, kept []int32) {
	if r.values == len(r.there) {
		return r.places, memory
	}
	memory = grow(memory, len(r.there))
	n, none := 0, int32(max(len(r.others), len(r.addresses)-1))
	for i, t := range r.there {
		memory[i] = none
		if t {
			memory[i] = r.places[n]
			n++
		}
	}
	return memory, memory
}

// all adds up all rows, of which none is foreign.
func (f *fold) all() {
	g := f.rows
	times, there := g.columns[colFirst].ints, g.columns[colSentPackets].there
	var values [4][]int64
	for i, col := range foldCounters {
		values[i] = g.columns[col].ints
	}
	n, last := 0, len(values[0])-1
	if last < 0 {
		last, values = 0, [4][]int64{{0}, {0}, {0}, {0}}
	}
	for from := 0; from < g.total; from += blockRows {
		to := min(from+blockRows, g.total)
		f.find(from, to)
		for i := from; i < to; i++ {
			// A branch on what was measured would be guessed wrong too often.
			measured := bit(there[i])
			k := min(n, last)
			f.row(i, f.block[i-from].number, times[i], there[i], &[4]uint64{
				uint64(values[0][k]) & -measured, uint64(values[1][k]) & -measured,
				uint64(values[2][k]) & -measured, uint64(values[3][k]) & -measured,
			})
			n += int(measured)
		}
	}
}

// blockRows is how many flows are looked up at once, so that their places in
// memory are asked for together.
const blockRows = 64

// found is a flow of a block of rows.
type found struct {
	flowKey
	hash   uint64
	number uint32
}

// find finds the flows of rows, at most blockRows.
func (f *fold) find(from, to int) {
	src, dst, srcPort, dstPort := f.places[0][from:to], f.places[1][from:to], f.places[2][from:to], f.places[3][from:to]
	block := f.block[:to-from]
	for j, n := range f.kinds.index[from:to] {
		b := &block[j]
		b.addresses = uint64(src[j]) | uint64(dst[j])<<placeBits | uint64(f.kinds.list[n].context)<<(2*placeBits)
		b.ports = uint64(srcPort[j]) | uint64(dstPort[j])<<placeBits
		b.hash = f.flows.hash(b.flowKey)
		f.sink += f.flows.slots[b.hash&uint64(len(f.flows.slots)-1)].ports
	}
	for j := range block {
		b := &block[j]
		number, added := f.flows.find(b.flowKey, b.hash)
		if b.number = number; added {
			context := uint32(b.addresses >> (2 * placeBits))
			f.flows.sums[number].span = 2*context + uint32(f.private[0][src[j]]&f.private[1][dst[j]])
		}
	}
	for j := range block {
		f.sink += f.flows.sums[block[j].number].counters[0]
	}
}

// row adds up row i, of a flow with a number.
func (f *fold) row(i int, number uint32, at int64, measured bool, counters *[4]uint64) {
	if s := f.to.Sums; s.End != 0 && (at*1000 < s.Start || at*1000 >= s.End) {
		s.Outside++
		return
	}
	if at < f.from || at >= f.until {
		f.minute(at)
	}
	state, sum := f.kinds.list[f.kinds.index[i]].state, &f.flows.sums[number]
	if sum.records == 0 {
		sum.first, sum.last = at, at
	}
	sum.add(at, state, measured, counters)
	w := &f.spans[sum.span]
	if w.records == 0 {
		f.active = append(f.active, sum.span)
	}
	w.add(state, measured, counters)
}

// add counts a row. Counters that were not measured are 0.
func (s *flowSum) add(at int64, state flow.State, measured bool, counters *[4]uint64) {
	s.first, s.last = min(s.first, at), max(s.last, at)
	s.records++
	s.begins += uint32(bit(state == flow.Begin))
	s.measured = s.measured || measured
	for i, c := range counters {
		s.counters[i] += c
	}
}

// add counts a row. Counters that were not measured are 0.
func (w *span) add(state flow.State, measured bool, counters *[4]uint64) {
	w.records++
	w.begun += uint32(bit(state == flow.Begin))
	w.ended += uint32(bit(state == flow.End))
	w.measured = w.measured || measured
	w.packets += counters[0] + counters[2]
	w.bytes += counters[1] + counters[3]
}

// minute ends the minute and begins that of a time.
func (f *fold) minute(at int64) {
	for _, number := range f.active {
		w := &f.spans[number]
		step := flow.Step{
			Context: f.kinds.of[number/2].Context, Private: number%2 == 1, Start: f.from * 1000,
			Packets: w.packets, IPBytes: w.bytes, Begun: uint64(w.begun), Ended: uint64(w.ended), Records: uint64(w.records),
		}
		if w.measured {
			step.Measured = flow.Packets | flow.IPBytes
		}
		f.steps = append(f.steps, step)
		*w = span{}
	}
	const long = int64(60e6)
	f.active = f.active[:0]
	f.from = at - (at%long+long)%long
	f.until = f.from + long
}

// give gives on the flows.
func (f *fold) give() bool {
	n := 0
	for i := range f.flows.keys {
		if f.flows.sums[i].records == 0 {
			continue // all of it was outside
		}
		f.record(&f.out[n], f.flows.keys[i], &f.flows.sums[i])
		if n++; n == len(f.out) {
			if !f.to.Add(f.out[:n]) {
				return false
			}
			n = 0
		}
	}
	return n == 0 || f.to.Add(f.out[:n])
}

// record is what a flow adds up to.
func (f *fold) record(r *flow.Record, k flowKey, s *flowSum) {
	c := &f.kinds.of[k.addresses>>(2*placeBits)]
	*r = flow.Record{
		Key: flow.Key{
			Src: f.address(colSource, int32(k.addresses&placeMask)), Dst: f.address(colDestination, int32(k.addresses>>placeBits&placeMask)),
			SrcPort: f.port(colSourcePort, k.ports), DstPort: f.port(colDestinationPort, k.ports>>placeBits), Proto: c.proto,
		},
		First: s.first * 1000, Last: s.last * 1000, Records: s.records, Begins: s.begins,
		Sent:      flow.Count{Packets: s.counters[0], IPBytes: s.counters[1]},
		Received:  flow.Count{Packets: s.counters[2], IPBytes: s.counters[3]},
		Direction: c.Direction, Encryption: c.Encryption, State: flow.Continue,
		Point: c.Point, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	}
	if s.measured {
		r.Measured = flow.Packets | flow.IPBytes
	}
	if c.Denied {
		r.State = flow.Deny
	}
}

// address is the address at a place.
func (f *fold) address(col int, place int32) flow.Addr {
	if list := f.rows.columns[col].addresses[1:]; int(place) < len(list) {
		return list[place]
	}
	return flow.Addr{}
}

// port is the port at a place.
func (f *fold) port(col int, place uint64) uint16 {
	return uint16(f.rows.columns[col].choice(int(place & placeMask)))
}
