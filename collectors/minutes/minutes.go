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
}

// hour is an hour since 1970 and its minutes that were recorded.
type hour struct {
	at   int64
	bits uint64
}

// Add notes that minutes of an hour since 1970 were recorded, those of set bits.
// Target is what the log is of.
func (t *Table) Add(p Point, target flow.ID, at int64, minutes uint64) {
	if minutes == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rows[p]
	if r == nil {
		if t.rows == nil {
			t.rows = map[Point]*row{}
		}
		r = &row{}
		t.rows[p] = r
	}
	r.target = cmp.Or(r.target, target)
	if n := len(r.hours); n > 0 && r.hours[n-1].at == at {
		r.hours[n-1].bits |= minutes
		return
	}
	r.hours = append(r.hours, hour{at, minutes})
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
			r.hours[n-1].bits |= h.bits
			continue
		}
		r.hours[n] = h
		n++
	}
	r.hours, r.sorted = r.hours[:n], n
}

// interval is the minutes from one on, before another.
type interval struct{ from, to int64 }

func (s interval) length() int64 { return max(0, s.to-s.from) }

func (s interval) and(o interval) interval { return interval{max(s.from, o.from), min(s.to, o.to)} }

func (s interval) with(o interval) interval { return interval{min(s.from, o.from), max(s.to, o.to)} }

// whole is from the first recorded minute to the last; before all times if there
// is none.
func (r *row) whole() interval {
	if len(r.hours) == 0 {
		return interval{math.MinInt64, math.MinInt64}
	}
	first, last := r.hours[0], r.hours[len(r.hours)-1]
	return interval{first.at*60 + int64(bits.TrailingZeros64(first.bits)), last.at*60 + int64(bits.Len64(last.bits))}
}

// recorded is how many minutes of a span were recorded.
func (r *row) recorded(s interval) (n int64) {
	i, _ := slices.BinarySearchFunc(r.hours, s.from, func(h hour, from int64) int { return cmp.Compare(h.at*60+59, from) })
	for ; i < len(r.hours) && r.hours[i].at*60 < s.to; i++ {
		h := r.hours[i]
		b := h.bits
		if off := s.from - h.at*60; off > 0 {
			b &= ^uint64(0) << off
		}
		if off := s.to - h.at*60; off < 60 {
			b &= 1<<off - 1
		}
		n += int64(bits.OnesCount64(b))
	}
	return n
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
	return s.and(interval{r.whole().to, s.to})
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
	c.Silent = s.length() - c.Recorded - c.Unlogged - c.Unknown
	return c
}
