// Package minutes knows for which minutes flow logs have records, by log and
// network interface, and so how much of what should have been recorded was.
//
// A minute of an interface is
//
//   - recorded: there is a record of it;
//   - silent: there is none, and a later one of that interface is there. Azure
//     writes none for a minute without traffic;
//   - unlogged: there is none, and the log was switched off then or another one
//     took over, as who followed the log says;
//   - unknown: there is none, and nothing later of that interface was seen: it was
//     silent, or its records were not written yet. So are all minutes of a time in
//     which somebody followed the log and it has no record at all. If it has none
//     of another time either, its interfaces are not known: it counts as one.
//     Unknown is also what a part of a file may say that could not be read, unless
//     another file has that part.
//
// Unlogged and unknown minutes are gaps. The minute of a record is that of its
// own time, which is when it was logged: up to a minute after the traffic.
//
// What counts is arithmetic on sets of 60 bits an hour, so that the result does
// not depend on the order of the records, a record that is met again changes
// nothing, and neither time nor memory grow with the length of a window. What was
// left: to guess from the tuples when an interface could have had traffic.
package minutes

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync"

	"flowctl/collectors/flow"
)

// Table is the minutes of which there are records. It may be used by several
// goroutines. The zero value is ready.
type Table struct {
	mu   sync.Mutex
	rows map[Point]*row
}

// Point is where a log records.
type Point struct{ Log, Interface flow.ID }

// row is what is known of a point. Hours are in order, but for the last few.
type row struct {
	target flow.ID
	hours  []hour
	sorted int
	lossy  bool // something of it could not be read, once tidy

	seen    int64      // the minute after a record that hours need not have
	windows []interval // of kept flows, the log of which should have recorded in all of them
	unkept  bool       // what is lost of it lies outside of these
}

// Hour is what a source says of an hour of a point: a bit is a minute.
type Hour struct {
	At       int64  // since 1970
	Recorded uint64 // there is a record
	Lost     uint64 // a part that could not be read may have one
	Earlier  bool   // the source has hours before this one
	Later    bool   // it has hours after it
}

// hour is what all sources say of one.
type hour struct {
	at      int64
	bits    uint64
	lost    uint64
	covered uint64 // minutes of which a source would have a record if there were one
	begun   int    // 60 - the first minute of the sources that were read from their begin; 0 for none
	ended   int    // the last minute, + 1, of the sources that were read to their end; 0 for none
}

const wholeHour = 1<<60 - 1

// of is what a source says of an hour. One that was read to its end covers what is
// behind its last record only if no other goes further: it may be an earlier copy.
// So it is with what is before its first record.
func (h Hour) of() hour {
	first, last := min(60, bits.TrailingZeros64(h.Recorded)), bits.Len64(h.Recorded)
	if h.Earlier {
		first = 0
	}
	if h.Later {
		last = 60
	}
	out := hour{at: h.At, bits: h.Recorded, lost: h.Lost &^ h.Recorded}
	if first >= last {
		return out
	}
	out.covered = Bits(int64(first), int64(last), 0) &^ h.Lost
	if h.Lost&1 == 0 {
		out.begun = 60 - first
	}
	if h.Lost>>59 == 0 {
		out.ended = last
	}
	return out
}

func (h *hour) add(o hour) {
	h.bits, h.lost, h.covered = h.bits|o.bits, h.lost|o.lost, h.covered|o.covered
	h.begun, h.ended = max(h.begun, o.begun), max(h.ended, o.ended)
}

// missing are the minutes without a record that nobody could read.
func (h *hour) missing() uint64 {
	covered := h.covered
	if h.begun > 0 && 60-h.begun <= bits.TrailingZeros64(h.bits) {
		covered |= 1<<(60-h.begun) - 1
	}
	if h.ended > 0 && h.ended >= bits.Len64(h.bits) {
		covered |= wholeHour &^ (1<<h.ended - 1)
	}
	return h.lost &^ (h.bits | covered)
}

// Add notes what a source says of an hour. Target is what the log is of.
func (t *Table) Add(p Point, target flow.ID, said Hour) {
	if said.Recorded|said.Lost == 0 {
		return
	}
	add := said.of()
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.row(p)
	r.target = cmp.Or(r.target, target)
	r.add(add)
}

// row is that of a point.
func (t *Table) row(p Point) *row {
	r := t.rows[p]
	if r == nil {
		if t.rows == nil {
			t.rows = map[Point]*row{}
		}
		r = &row{}
		t.rows[p] = r
	}
	return r
}

func (r *row) add(add hour) {
	if n := len(r.hours); n > 0 && r.hours[n-1].at == add.at {
		r.hours[n-1].add(add)
		return
	}
	r.hours = append(r.hours, add)
	if len(r.hours) > 2*r.sorted+64 {
		r.tidy()
	}
}

// tidy sorts hours and joins those that came more than once.
func (r *row) tidy() {
	slices.SortFunc(r.hours, func(a, b hour) int { return cmp.Compare(a.at, b.at) })
	n := 0
	for _, h := range r.hours {
		if n > 0 && r.hours[n-1].at == h.at {
			r.hours[n-1].add(h)
			continue
		}
		r.hours[n] = h
		n++
	}
	r.hours, r.sorted = r.hours[:n], n
	r.lossy = slices.ContainsFunc(r.hours, func(h hour) bool { return h.missing() != 0 })
}

// interval is the minutes from one on, before another.
type interval struct{ from, to int64 }

func (s interval) length() int64 { return max(0, s.to-s.from) }

func (s interval) and(o interval) interval { return interval{max(s.from, o.from), min(s.to, o.to)} }

func (s interval) with(o interval) interval { return interval{min(s.from, o.from), max(s.to, o.to)} }

// whole is from the first minute that was recorded, or may have been, to the last;
// before all times if there is none.
func (r *row) whole() interval {
	return r.within(func(h *hour) uint64 { return h.bits | h.missing() })
}

// within is from the first minute of those that of says of an hour to the last.
func (r *row) within(of func(*hour) uint64) interval {
	from, to := int64(math.MinInt64), int64(math.MinInt64)
	for i := range r.hours {
		if b := of(&r.hours[i]); b != 0 {
			from = r.hours[i].at*60 + int64(bits.TrailingZeros64(b))
			break
		}
	}
	for i := range slices.Backward(r.hours) {
		if b := of(&r.hours[i]); b != 0 {
			to = r.hours[i].at*60 + int64(bits.Len64(b))
			break
		}
	}
	return interval{from, to}
}

// recorded is how many minutes of a span were recorded.
func (r *row) recorded(s interval) (n int64) {
	i, _ := slices.BinarySearchFunc(r.hours, s.from, func(h hour, from int64) int { return cmp.Compare(h.at*60+59, from) })
	for ; i < len(r.hours) && r.hours[i].at*60 < s.to; i++ {
		n += int64(bits.OnesCount64(r.hours[i].bits & s.minutes(r.hours[i].at)))
	}
	return n
}

// Bits are the minutes from one on, before another, that are in an hour.
func Bits(from, to, hour int64) uint64 { return interval{from, to}.minutes(hour) }

// minutes are those of an interval that are in an hour, as bits.
func (s interval) minutes(hour int64) uint64 {
	from, to := max(0, s.from-hour*60), min(60, s.to-hour*60)
	if from >= to {
		return 0
	}
	return wholeHour >> (60 - to) &^ (1<<from - 1)
}

// missed are the minutes of an hour that nobody could read, as far as they are of
// s and the log was not off.
func (h *hour) missed(s interval, off []interval) uint64 {
	b := h.missing()
	if b == 0 {
		return 0
	}
	b &= s.minutes(h.at)
	for _, o := range off {
		b &^= o.minutes(h.at)
	}
	return b
}

// lost are the hours of which something may be missing, if there is any.
func (r *row) lost() []hour {
	if !r.lossy {
		return nil
	}
	return r.hours
}

// Counts are minutes of interfaces by what is known of them.
type Counts struct {
	Recorded int64 `json:"recorded"`
	Silent   int64 `json:"silent"`
	Unlogged int64 `json:"unlogged"`
	Unknown  int64 `json:"unknown"`
}

func (c *Counts) add(o Counts) {
	c.Recorded += o.Recorded
	c.Silent += o.Silent
	c.Unlogged += o.Unlogged
	c.Unknown += o.Unknown
}

// Gaps is how many minutes are missing, as far as that is known.
func (c Counts) Gaps() int64 { return c.Unlogged + c.Unknown }

// after are the minutes of which nothing later was seen.
func (r *row) after(s due) interval {
	if s.dark {
		return s.interval
	}
	return s.and(interval{r.last(), s.to})
}

// last is the minute after the last record; before all times if there is none.
func (r *row) last() int64 {
	last := r.within(func(h *hour) uint64 { return h.bits }).to
	if r.seen > 0 {
		last = max(last, r.seen)
	}
	return last
}

// of counts the minutes of a time. Off are intervals in which the log was off, in
// order and apart.
func (r *row) of(s due, off []interval) (c Counts) {
	c.Recorded = r.recorded(s.interval)
	after := r.after(s)
	c.Unknown = after.length()
	for _, o := range off {
		o = o.and(s.interval)
		c.Unlogged += max(0, o.length()-r.recorded(o))
		c.Unknown -= o.and(after).length()
	}
	for i := range r.lost() {
		c.Unknown += int64(bits.OnesCount64(r.hours[i].missed(s.interval, off) &^ after.minutes(r.hours[i].at)))
	}
	c.Silent = s.length() - c.Recorded - c.Unlogged - c.Unknown
	return c
}
