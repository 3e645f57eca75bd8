package summary

import "flowctl/collectors/flow"

// hot adds up records before they go to their partitions. A flow log names the
// same flows minute after minute, and what is said of one of them is added up
// here, in a cache line, in memory that is near: only sums go the long way. It
// is for the one goroutine of its worker, and for flows over IPv4 of sources
// that count IP packets; others are rare or come in sums.
type hot struct {
	slots []hotRow // a power of two of them
	n     int      // in use
}

// hotRow sums records of one flow. It is free if it has no records.
type hotRow struct {
	addrs                    uint64 // source and destination
	rest                     uint64 // context, protocol and both ports
	sentBytes, receivedBytes uint64
	first, last              int64
	sent, received           uint32 // packets
	records, begins          uint16
	marks                    marks
	_                        [3]byte // to the end of a cache line
}

// The size of a hot. Its rows in use stay within the second-level cache where
// a file names some ten thousand flows; it is given out when three quarters of
// its slots are taken.
const (
	hotBits  = 16
	hotSlots = 1 << hotBits
	hotMost  = hotSlots / 4 * 3
)

// What the narrow fields of a hotRow can hold: a row that may not take another
// record goes on its way.
const (
	hotContexts = 1 << 24
	hotRecords  = 1<<16 - 1
	hotPackets  = 1 << 31
)

// hotFits reports whether r is of the kind that hot adds up.
func hotFits(r *flow.Record, context uint32) bool {
	return r.Src.Is4() && r.Dst.Is4() && r.Measured&flow.FrameBytes == 0 && r.Records == 0 && context < hotContexts &&
		r.Sent.Packets|r.Received.Packets < hotPackets
}

// rest of a hotRow.
func restOf(r *flow.Record, context uint32) uint64 {
	return uint64(context)<<40 | uint64(r.Proto)<<32 | uint64(r.SrcPort)<<16 | uint64(r.DstPort)
}

// home is where the row of a flow is looked for first.
func home(addrs, rest uint64) uint32 {
	return uint32(mix(addrs^seeds[0], rest^seeds[1])+rest) & (hotSlots - 1)
}

// row returns the row of a flow, which has no records if it is a new one.
func (h *hot) row(k *hotKey) *hotRow {
	i := k.home
	for {
		e := &h.slots[i&(hotSlots-1)]
		if e.addrs == k.addrs && e.rest == k.rest || e.records == 0 {
			return e
		}
		i++
	}
}

// hotKey is a record of a batch that goes to a hotRow.
type hotKey struct {
	addrs, rest uint64
	home        uint32
	n           uint8 // of the record in its chunk
	marks       marks
}

// add counts r, whose context has the number context, and reports whether the
// row is full.
func (e *hotRow) add(r *flow.Record, m marks) (full bool) {
	e.sentBytes += r.Sent.IPBytes
	e.receivedBytes += r.Received.IPBytes
	e.sent += uint32(r.Sent.Packets)
	e.received += uint32(r.Received.Packets)
	e.marks |= m
	e.records++
	if r.State == flow.Begin {
		e.begins++
	}
	if r.First != flow.NoTime {
		e.first = min(e.first, r.First)
	}
	if r.Last != flow.NoTime {
		e.last = max(e.last, r.Last)
	}
	return e.records == hotRecords || (e.sent|e.received)&hotPackets != 0
}

// chunk is how many records are looked at before they are counted: what they
// need of memory is asked for at once, and waited for once.
const chunk = 64

// touch brings the rows of keys near.
func (h *hot) touch(keys []hotKey) (sink uint64) {
	for i := range keys {
		sink += h.slots[keys[i].home&(hotSlots-1)].rest
	}
	return sink
}

// addHot counts the records of b that keys name.
func (t *Table) addHot(b flow.Batch, keys []hotKey) {
	h := &t.hot
	if h.slots == nil {
		h.slots = make([]hotRow, hotSlots)
	}
	t.sink += h.touch(keys)
	for i := range keys {
		k := &keys[i]
		e := h.row(k)
		if e.records == 0 {
			*e = hotRow{addrs: k.addrs, rest: k.rest, first: noFirst, last: noLast}
			h.n++
		}
		if e.add(&b[k.n], k.marks) {
			t.cool(e)
			e.records = 0 // a row like it may come to be next to it; both end in one
		}
	}
	if h.n >= min(hotMost, t.limit) {
		t.coolAll()
	}
}

// coolAll sends all that is hot to the partitions.
func (t *Table) coolAll() {
	for i := range t.hot.slots {
		if e := &t.hot.slots[i]; e.records != 0 {
			t.cool(e)
			e.records = 0
		}
	}
	t.hot.n = 0
}

// cool sends a row to its partition.
func (t *Table) cool(e *hotRow) {
	src, dst := flow.Addr4(uint32(e.addrs>>32)), flow.Addr4(uint32(e.addrs))
	at, to := t.wait(src, dst, uint32(e.rest>>40), uint16(e.rest), uint8(e.rest>>32))
	to.srcPort, to.marks, to.records, to.begins = uint16(e.rest>>16), e.marks, uint32(e.records), uint32(e.begins)
	to.first, to.last = e.first, e.last
	to.sent = wire{uint64(e.sent), e.sentBytes}
	to.received = wire{uint64(e.received), e.receivedBytes}
	to.frames = frameBytes{}
	t.waits(at)
}
