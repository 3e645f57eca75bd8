package flow

import "math"

// Sums adds up what a reader says of flows that come again and again, before
// it goes on: one record for many, and apart when how much of it was. It is
// for one reader at a time, and for sources that count IP packets. A reader
// that is given one may use it, for the observations it likes.
//
// A flow is known by a hash of its text, with secret keys and of 128 bits, so
// that the text is taken apart once and not with every observation.
type Sums struct {
	// Steps is given what was added up by time, now and then.
	Steps func([]Step)
	// Each, if there is one, is given all sightings, resolved, before they count.
	Each func([]Sighting)
	// Start and End, if not both 0, bound what counts, in Unix nanoseconds.
	Start, End int64
	// Outside counts what was before Start or not before End.
	Outside uint64

	slots []uint32 // number of a row + 1; 0 is free
	rows  []sumRow
	flows []sumFlow // of the rows
	full  []Record  // of rows that could not take more
	ctx   map[Context]uint32
	spans []spans // by number of context
	steps []Step
	batch Batch  // scratch
	sink  uint64 // keeps loads alive that only warm the cache
	turn  uint32
}

// Context is what many flows have in common: where they were seen, and what the
// rules did with them.
type Context struct {
	Point, Target, Rule, ACL ID
	Direction                Direction
	Encryption               Encryption
	Denied                   bool
}

// Sighting is one observation of a flow. It is resolved before it counts.
type Sighting struct {
	Hash     [2]uint64 // of the flow's text
	Counters [4]uint64 // packets and IP bytes sent, the same received
	Time     int64     // Unix nanoseconds
	Measured bool
	State    State
	Context  uint32 // number of its context
	row      uint32
}

// sumRow sums the sightings of one flow in one context, in a cache line.
type sumRow struct {
	hash                     [2]uint64
	sentBytes, receivedBytes uint64
	first, last              int64
	sent, received           uint32 // packets
	records, begins          uint16
	measured                 uint8 // 1 if any of it was
	private                  bool  // both addresses are
	_                        [2]byte
}

// newRow is a row without sightings.
func newRow(hash [2]uint64, private bool) sumRow {
	return sumRow{hash: hash, first: math.MaxInt64, last: math.MinInt64, private: private}
}

// sumFlow is what is asked of a row when it goes on.
type sumFlow struct {
	Key
	context uint32
	slot    uint32
}

const (
	sumRows    = 48 << 10 // flows that stay near the processor
	sumPackets = 1 << 31  // a row with as many packets begins anew
	sumRecords = 1<<16 - 1
	sumBatch   = 1024
	minute     = int64(60e9)
)

// Context returns the number of a context.
func (s *Sums) Context(c Context) uint32 {
	id, ok := s.ctx[c]
	if !ok {
		if s.ctx == nil {
			s.ctx = map[Context]uint32{}
		}
		id = uint32(len(s.spans))
		s.ctx[c] = id
		s.spans = append(s.spans, spans{context: c})
	}
	return id
}

// Resolve finds the flows of sightings. It asks key for a flow that is new,
// with the place of a sighting of it, and gives up where key finds none.
func (s *Sums) Resolve(all []Sighting, key func(i int) (Key, bool)) bool {
	for at := 0; at < len(all); at += 64 {
		if !s.resolve(all[at:min(len(all), at+64)], func(i int) (Key, bool) { return key(at + i) }) {
			return false
		}
	}
	return true
}

func (s *Sums) resolve(some []Sighting, key func(i int) (Key, bool)) bool {
	for (len(s.rows)+len(some))*2 > len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	var near [64]uint32
	for i := range some { // what is far is asked for at once
		h := &some[i].Hash
		h[0] ^= (uint64(some[i].Context) + 1) * 0x9e3779b97f4a7c15
		near[i&63] = s.slots[h[0]&mask]
	}
	var sink uint64
	for i := range some {
		if n := near[i&63]; n != 0 {
			sink += s.rows[n-1].sentBytes
		}
	}
	s.sink += sink
	for i := range some {
		some[i].row = s.find(&some[i], mask)
		if some[i].row == 0 {
			k, ok := key(i)
			if !ok {
				return false
			}
			s.insert(&some[i], mask, k)
		}
	}
	return true
}

// find returns the number of a sighting's row + 1, or 0.
func (s *Sums) find(t *Sighting, mask uint64) uint32 {
	for i := t.Hash[0] & mask; ; i = (i + 1) & mask {
		n := s.slots[i]
		if n == 0 || s.rows[n-1].hash == t.Hash {
			return n
		}
	}
}

// insert makes a row for a sighting.
func (s *Sums) insert(t *Sighting, mask uint64, k Key) {
	at := t.Hash[0] & mask
	for s.slots[at] != 0 {
		at = (at + 1) & mask
	}
	s.rows = append(s.rows, newRow(t.Hash, k.Src.Private() && k.Dst.Private()))
	s.flows = append(s.flows, sumFlow{k, t.Context, uint32(at)})
	s.slots[at] = uint32(len(s.rows))
	t.row = s.slots[at]
}

func (s *Sums) grow() {
	s.slots = make([]uint32, max(1<<10, 2*len(s.slots)))
	mask := uint64(len(s.slots) - 1)
	for n := range s.rows {
		at := s.rows[n].hash[0] & mask
		for s.slots[at] != 0 {
			at = (at + 1) & mask
		}
		s.slots[at] = uint32(n + 1)
		s.flows[n].slot = uint32(at)
	}
}

// Count adds sightings that were resolved and not yet counted. No row may have
// gone on since. It reports false if yield did.
func (s *Sums) Count(all []Sighting, yield func(Batch) bool) bool {
	if s.Each != nil {
		s.Each(all)
	}
	for i := range all {
		s.count(&all[i])
	}
	return len(s.rows) < sumRows || s.Flush(yield)
}

// IsOutside reports whether a sighting is one that does not count.
func (s *Sums) IsOutside(t *Sighting) bool {
	return s.End != 0 && (t.Time < s.Start || t.Time >= s.End)
}

func (s *Sums) count(t *Sighting) {
	if s.IsOutside(t) {
		s.Outside++
		return
	}
	r := &s.rows[t.row-1]
	s.time(t, r.private)
	if (r.sent|r.received|clip(t.Counters[0]|t.Counters[2]))&sumPackets != 0 || r.records == sumRecords {
		s.anew(t, r)
		return
	}
	r.first, r.last = min(r.first, t.Time), max(r.last, t.Time)
	r.sent += uint32(t.Counters[0])
	r.received += uint32(t.Counters[2])
	r.sentBytes += t.Counters[1]
	r.receivedBytes += t.Counters[3]
	r.measured |= bit(t.Measured)
	r.records++
	r.begins += uint16(bit(t.State == Begin))
}

// bit is 1 for true. Whether a sighting is the first of its flow, or measured
// something, cannot be predicted, so nothing is to branch on it.
func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func clip(n uint64) uint32 { return uint32(min(n, 1<<32-1)) }

// anew counts a sighting that a row cannot take: what the row has goes on
// before the others, and so does a sighting that is too large for any row.
func (s *Sums) anew(t *Sighting, r *sumRow) {
	f := &s.flows[t.row-1]
	if r.records > 0 {
		s.full = append(s.full, s.sum(r, f))
	}
	*r = newRow(r.hash, r.private)
	one := s.sum(r, f)
	one.First, one.Last, one.Records = t.Time, t.Time, 1
	one.Sent, one.Received = Count{Packets: t.Counters[0], IPBytes: t.Counters[1]}, Count{Packets: t.Counters[2], IPBytes: t.Counters[3]}
	if t.Measured {
		one.Measured = Packets | IPBytes
	}
	if t.State == Begin {
		one.Begins = 1
	}
	s.full = append(s.full, one)
}

// sum is the record of a row.
func (s *Sums) sum(r *sumRow, f *sumFlow) Record {
	c := &s.spans[f.context].context
	rec := Record{
		Key: f.Key, First: r.first, Last: r.last, Records: uint32(r.records), Begins: uint32(r.begins),
		Sent:      Count{Packets: uint64(r.sent), IPBytes: r.sentBytes},
		Received:  Count{Packets: uint64(r.received), IPBytes: r.receivedBytes},
		Direction: c.Direction, Encryption: c.Encryption, State: Continue,
		Point: c.Point, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	}
	if r.measured != 0 {
		rec.Measured = Packets | IPBytes
	}
	if c.Denied {
		rec.State = Deny
	}
	return rec
}
