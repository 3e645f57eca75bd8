package parquet

import "flowctl/collectors/flow"

// all adds up all rows, of which none is foreign.
func (f *grouper) all() {
	g := f.rows
	times, there := g.columns[colFirst].ints, g.columns[colSentPackets].there
	var values [4][]int64
	for i, col := range groupCounters {
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

// blockRows is how many flows are looked up at once, so that their slots in
// memory are asked for together.
const blockRows = 64

// found is a flow of a block of rows.
type found struct {
	flowKey
	hash   uint32
	number int
}

// find finds the flows of rows, at most blockRows.
func (f *grouper) find(from, to int) {
	src, dst, srcPort, dstPort := f.slots[0][from:to], f.slots[1][from:to], f.slots[2][from:to], f.slots[3][from:to]
	block := f.block[:to-from]
	f.flows.index.Reserve(to - from)
	for j, n := range f.kinds.index[from:to] {
		b := &block[j]
		b.addresses = uint64(src[j]) | uint64(dst[j])<<placeBits | uint64(f.kinds.list[n].context)<<(2*placeBits)
		b.ports = uint64(srcPort[j]) | uint64(dstPort[j])<<placeBits
		b.hash = f.flows.hash(b.flowKey)
		b.number = f.flows.index.Peek(b.hash)
	}
	for j := range block {
		if n := block[j].number; n >= 0 {
			f.sink += f.flows.keys[n].ports + f.flows.sums[n].counters[0]
		}
	}
	for j := range block {
		b := &block[j]
		number, added := f.flows.find(b.flowKey, b.hash)
		if b.number = number; added {
			context := uint32(b.addresses >> (2 * placeBits))
			f.flows.sums[number].interval = 2*context + uint32(f.private[0][src[j]]&f.private[1][dst[j]])
		}
	}
}

// row adds up row i, of a flow with a number.
func (f *grouper) row(i, number int, at int64, measured bool, counters *[4]uint64) {
	if f.to.Cache.IsOutside(at * 1000) {
		f.outside++
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
	w := &f.ofMinute[sum.interval]
	if w.records == 0 {
		f.active = append(f.active, sum.interval)
	}
	w.add(state, measured, counters)
}

// add counts a row. Counters that were not measured are 0.
func (s *flowSum) add(at int64, state flow.State, measured bool, counters *[4]uint64) {
	s.first, s.last = min(s.first, at), max(s.last, at)
	s.records++
	s.begins += uint32(bit(state == flow.Begin))
	s.measured, s.ended = s.measured || measured, s.ended || state == flow.End
	for i, c := range counters {
		s.counters[i] += c
	}
}

// add counts a row. Counters that were not measured are 0.
func (w *interval) add(state flow.State, measured bool, counters *[4]uint64) {
	w.records++
	w.begun += uint32(bit(state == flow.Begin))
	w.ended += uint32(bit(state == flow.End))
	w.measured = w.measured || measured
	w.packets += counters[0] + counters[2]
	w.bytes += counters[1] + counters[3]
}
