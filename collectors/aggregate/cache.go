package aggregate

import (
	"math"

	"flowctl/collectors/flow"
	"flowctl/collectors/table"
)

// Cache adds up what a reader says of flows that come again and again, before
// it goes on: one record for many, and apart when how much of it was. It is
// for one reader at a time, and for sources that count IP packets. A reader
// that is given one may use it, for the observations it likes.
//
// A flow is known by a hash of its text, with secret keys and of 128 bits, so
// that the text is taken apart once and not with every observation.
type Cache struct {
	// Intervals is given what was added up by time, now and then.
	Intervals func([]flow.Interval)
	// Each, if there is one, is given all observations, resolved, before they count.
	Each func([]flow.Observation)
	// Start and End, if not both 0, bound what counts, in Unix nanoseconds.
	Start, End int64
	// Outside counts what was before Start or not before End.
	Outside uint64
	// Besides, if there is one, is given that, added up likewise.
	Besides func(flow.Batch) bool

	index      table.Index
	rows       []cacheRow
	flows      []cacheFlow   // of the rows
	full       []flow.Record // of rows that could not take more
	ctx        map[flow.Context]uint32
	contexts   []openIntervals // by number of context
	intervals  []flow.Interval
	batch      flow.Batch // scratch
	sink       uint64     // keeps loads alive that only warm the cache
	generation uint32

	left    []flow.Observation // that are outside
	outside *Cache             // adds them up
}

// cacheRow sums the observations of one flow in one context, in a cache line.
type cacheRow struct {
	hash                     [2]uint64
	sentBytes, receivedBytes uint64
	first, last              int64
	sent, received           uint32 // packets
	records, begins          uint16
	measured                 uint8 // 1 if any of it was
	private                  bool  // both addresses are
	ended                    uint8 // 1 if any of it was an end
	_                        byte
}

// newRow is a row without observations.
func newRow(hash [2]uint64, private bool) cacheRow {
	return cacheRow{hash: hash, first: math.MaxInt64, last: math.MinInt64, private: private}
}

// cacheFlow is what is asked of a row when it goes on.
type cacheFlow struct {
	flow.Key
	context uint32
}

const (
	cacheRows  = 48 << 10 // flows that stay near the processor
	sumPackets = 1 << 31  // a row with as many packets begins anew
	sumRecords = 1<<16 - 1
	sumBatch   = 1024
	minute     = int64(60e9)
	second     = int64(1e9)
)

// Context returns the number of a context.
func (s *Cache) Context(c flow.Context) uint32 {
	id, ok := s.ctx[c]
	if !ok {
		if s.ctx == nil {
			s.ctx = map[flow.Context]uint32{}
		}
		id = uint32(len(s.contexts))
		s.ctx[c] = id
		s.contexts = append(s.contexts, openIntervals{context: c})
	}
	return id
}

// Resolve finds the flows of observations. It asks key for a flow that is new,
// with the place of an observation of it, and gives up where key finds none.
func (s *Cache) Resolve(all []flow.Observation, key func(i int) (flow.Key, bool)) bool {
	for at := 0; at < len(all); at += 64 {
		if !s.resolve(all[at:min(len(all), at+64)], func(i int) (flow.Key, bool) { return key(at + i) }) {
			return false
		}
	}
	return true
}

func (s *Cache) resolve(some []flow.Observation, key func(i int) (flow.Key, bool)) bool {
	s.index.Reserve(len(some))
	var near [64]int
	for i := range some {
		h := &some[i].Hash
		h[0] ^= (uint64(some[i].Context) + 1) * 0x9e3779b97f4a7c15
		near[i&63] = s.index.Peek(uint32(h[0]))
	}
	var sink uint64
	for i := range some {
		if n := near[i&63]; n >= 0 {
			sink += s.rows[n].sentBytes
		}
	}
	s.sink += sink
	for i := range some {
		n := s.find(&some[i])
		if n < 0 {
			k, ok := key(i)
			if !ok {
				return false
			}
			n = s.insert(&some[i], k)
		}
		some[i].Row = uint32(n + 1)
	}
	return true
}

// find returns the number of an observation's row, or -1.
func (s *Cache) find(t *flow.Observation) int {
	hash := uint32(t.Hash[0])
	n, at := s.index.First(hash)
	for n >= 0 && s.rows[n].hash != t.Hash {
		n, at = s.index.Next(hash, at)
	}
	return n
}

// insert makes a row for an observation.
func (s *Cache) insert(t *flow.Observation, k flow.Key) int {
	n := len(s.rows)
	s.rows = append(s.rows, newRow(t.Hash, k.Src.Private() && k.Dst.Private()))
	s.flows = append(s.flows, cacheFlow{k, t.Context})
	s.index.Put(uint32(t.Hash[0]), n)
	return n
}

// Count adds observations that were resolved and not yet counted. No row may have
// gone on since. It reports false if yield did.
func (s *Cache) Count(all []flow.Observation, yield func(flow.Batch) bool) bool {
	if s.Each != nil {
		s.Each(all)
	}
	for i := range all {
		s.count(&all[i])
	}
	if len(s.left) > 0 && !s.leave() {
		return false
	}
	return len(s.rows) < cacheRows || s.Flush(yield)
}

// IsOutside reports whether what happened at a time does not count.
func (s *Cache) IsOutside(at int64) bool {
	return s.End != 0 && (at < s.Start || at >= s.End)
}

// Single reports whether every observation is wanted.
func (s *Cache) Single() bool { return s.Each != nil }

// AddIntervals takes what a reader added up itself.
func (s *Cache) AddIntervals(all []flow.Interval, outside uint64) {
	s.Outside += outside
	if len(all) > 0 {
		s.Intervals(all)
	}
}

func (s *Cache) count(t *flow.Observation) {
	if s.IsOutside(t.Time) {
		s.Outside++
		if s.Besides != nil {
			s.left = append(s.left, *t)
		}
		return
	}
	r := &s.rows[t.Row-1]
	s.time(t, r.private)
	if (r.sent|r.received|clip(t.Counters[0]|t.Counters[2]))&sumPackets != 0 || (r.sentBytes|r.receivedBytes)>>62 != 0 || r.records == sumRecords {
		s.anew(t, r)
		return
	}
	r.first, r.last = min(r.first, t.Time), max(r.last, t.Time)
	r.sent += uint32(t.Counters[0])
	r.received += uint32(t.Counters[2])
	r.sentBytes += t.Counters[1]
	r.receivedBytes += t.Counters[3]
	r.measured |= bit(t.Measured)
	r.ended |= bit(t.State == flow.End)
	r.records++
	r.begins += uint16(bit(t.State == flow.Begin))
}

// bit is 1 for true. Whether an observation is the first of its flow, or measured
// something, cannot be predicted, so nothing is to branch on it.
func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func clip(n uint64) uint32 { return uint32(min(n, 1<<32-1)) }

// anew counts an observation that a row cannot take: what the row has goes on
// before the others, and so does an observation that is too large for any row.
func (s *Cache) anew(t *flow.Observation, r *cacheRow) {
	f := &s.flows[t.Row-1]
	if r.records > 0 {
		s.full = append(s.full, s.sum(r, f))
	}
	*r = newRow(r.hash, r.private)
	one := s.sum(r, f)
	one.First, one.Last, one.Records = t.Time, t.Time, 1
	one.Sent, one.Received = flow.Count{Packets: t.Counters[0], IPBytes: t.Counters[1]}, flow.Count{Packets: t.Counters[2], IPBytes: t.Counters[3]}
	if t.Measured {
		one.Measured = flow.Packets | flow.IPBytes
	}
	if t.State == flow.Begin {
		one.Begins = 1
	}
	if t.State == flow.End {
		one.State = flow.End
	}
	s.full = append(s.full, one)
}

// sum is the record of a row.
func (s *Cache) sum(r *cacheRow, f *cacheFlow) flow.Record {
	c := &s.contexts[f.context].context
	rec := flow.Record{
		Key: f.Key, First: r.first, Last: r.last, Records: uint32(r.records), Begins: uint32(r.begins),
		Sent:      flow.Count{Packets: uint64(r.sent), IPBytes: r.sentBytes},
		Received:  flow.Count{Packets: uint64(r.received), IPBytes: r.receivedBytes},
		Direction: c.Direction, Class: c.Class, Encryption: c.Encryption, State: flow.Continue,
		Point: c.Point, Log: c.Log, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	}
	if r.measured != 0 {
		rec.Measured = flow.Packets | flow.IPBytes
	}
	switch {
	case c.Denied:
		rec.State = flow.Deny
	case r.ended != 0:
		rec.State = flow.End
	}
	return rec
}
