package summary

import (
	"bytes"
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// measures are what lines can be ordered by; false where that was not measured.
var measures = map[string]func(lineSums) (int64, bool){
	"bytes": func(v lineSums) (int64, bool) {
		both := v.all.both()
		return int64(both.IPBytes), both.Marks.IPBytes()
	},
	"packets": func(v lineSums) (int64, bool) {
		both := v.all.both()
		return int64(both.Packets), both.Marks.Packets()
	},
	"flows": func(v lineSums) (int64, bool) { return int64(v.all.flows), true },
	"denied": func(v lineSums) (int64, bool) {
		d := v.all.refused()
		return int64(d.N), d.Known
	},
	"sent":          func(v lineSums) (int64, bool) { return ipBytes(&v.all.sent) },
	"received":      func(v lineSums) (int64, bool) { return ipBytes(&v.all.received) },
	"left":          func(v lineSums) (int64, bool) { return ipBytes(&v.ends.sent) },
	"arrived":       func(v lineSums) (int64, bool) { return ipBytes(&v.ends.received) },
	"cost":          func(v lineSums) (int64, bool) { return v.cost.highest() },
	"retransmitted": func(v lineSums) (int64, bool) { return int64(v.tcp.sent.Packets), v.tcp.tcpKnown() },
	"resets":        func(v lineSums) (int64, bool) { return int64(v.tcp.sent.IPBytes), v.tcp.tcpKnown() },
	"zero_windows":  func(v lineSums) (int64, bool) { return int64(v.tcp.sent.FrameBytes), v.tcp.tcpKnown() },
	"first":         func(v lineSums) (int64, bool) { return v.all.first, v.all.first != aggregate.NoFirst },
	"last":          func(v lineSums) (int64, bool) { return v.all.last, v.all.last != aggregate.NoLast },
}

// rates are what lines can be ordered by besides, in seconds and bits per second.
var rates = map[string]func(lineSums) (float64, bool){
	"duration":     func(v lineSums) (float64, bool) { return v.all.seconds() },
	"handshake_ms": func(v lineSums) (float64, bool) { return v.tcp.handshake() },
	"rate": func(v lineSums) (float64, bool) {
		both := v.all.both()
		seconds, known := v.all.seconds()
		if !known || seconds == 0 || !both.Marks.IPBytes() {
			return 0, false
		}
		return float64(both.IPBytes) * 8 / seconds, true
	},
}

// seconds is how long it was from the first count to the last.
func (v *group) seconds() (float64, bool) {
	if v.first == aggregate.NoFirst || v.last == aggregate.NoLast {
		return 0, false
	}
	return float64(v.last-v.first) / float64(second), true
}

func ipBytes(t *aggregate.Tally) (int64, bool) { return int64(t.IPBytes), t.Marks.IPBytes() }

func (v *group) both() aggregate.Tally {
	both := v.sent
	both.Add(&v.received)
	return both
}

// ordering returns what compares lines; nil for the usual order. What was not
// measured comes last.
// Where rows are steps of time, of so many seconds, the usual order is theirs.
func ordering(o question.Order, step int64) func(a, b lineSums) int {
	if o.Measure == "" && step > 0 {
		return func(a, b lineSums) int {
			return cmp.Compare(floor(a.all.first, step*second), floor(b.all.first, step*second))
		}
	}
	if of := rates[o.Measure]; of != nil {
		return orderedBy(of, o.Ascending)
	}
	if of := measures[o.Measure]; of != nil {
		return orderedBy(of, o.Ascending)
	}
	return nil
}

func orderedBy[T cmp.Ordered](of func(lineSums) (T, bool), ascending bool) func(a, b lineSums) int {
	return func(a, b lineSums) int {
		x, knownX := of(a)
		y, knownY := of(b)
		return oneFirst(cmp.Compare(x, y), knownX, knownY, ascending)
	}
}

// oneFirst is how two lines are ordered whose values compare as c says, if they
// have one. Those that have none come last.
func oneFirst(c int, knownX, knownY, ascending bool) int {
	switch {
	case knownX != knownY && knownX:
		return -1
	case knownX != knownY:
		return 1
	case !knownX:
		return 0
	case ascending:
		return c
	}
	return -c
}

// singleOrders are what single flows can be ordered by besides, as text.
var singleOrders = map[string]func(*seen) string{
	"state": (*seen).state,
	"verdict": func(v *seen) string {
		if verdict := v.verdict(); verdict != aggregate.UnknownVerdict {
			return aggregate.Verdicts[verdict]
		}
		return ""
	},
	"rule": func(v *seen) string { return strings.Join(v.rules, " ") },
}

// SingleOrders returns their names.
func SingleOrders() []string { return slices.Sorted(maps.Keys(singleOrders)) }

// sorting is the order of lines by one of their dimensions.
type sorting struct {
	at        int // of by
	from, to  int // of the key
	compare   func(a, b string) int
	ascending bool
}

// sortedBy returns the order by a dimension of g; nil if it is by none.
func (g *groups) sortedBy(o question.Order) *sorting {
	from := 0
	for i := range g.by {
		f := &g.by[i]
		if f.name == o.Measure {
			return &sorting{i, from, from + f.width, comparing(f.name), o.Ascending}
		}
		from += f.width
	}
	return nil
}

// comparing returns what compares the texts of a field: numbers and addresses by
// their value.
func comparing(name string) func(a, b string) int {
	f, _ := question.Lookup(name)
	switch f.Type {
	case question.Number:
		return func(a, b string) int {
			x, errX := strconv.ParseUint(a, 10, 64)
			y, errY := strconv.ParseUint(b, 10, 64)
			if errX != nil || errY != nil {
				return strings.Compare(a, b)
			}
			return cmp.Compare(x, y)
		}
	case question.Address:
		return func(a, b string) int {
			x, errX := netip.ParseAddr(a)
			y, errY := netip.ParseAddr(b)
			if errX != nil || errY != nil {
				return strings.Compare(a, b)
			}
			return x.Compare(y)
		}
	}
	return strings.Compare
}

// compareKeys orders two lines by the dimension that was asked for.
func (g *groups) compareKeys(a, b []byte, n *naming) int {
	s := g.sort
	if bytes.Equal(a[s.from:s.to], b[s.from:s.to]) {
		return 0
	}
	f := &g.by[s.at]
	x, y := f.text(n, a[s.from:s.to]), f.text(n, b[s.from:s.to])
	return oneFirst(s.compare(x, y), x != "", y != "", s.ascending)
}

// compare orders two lines of g with their keys, and what is known of them if they are
// single flows.
func (g *groups) compare(a, b lineSums, keyA, keyB []byte, seenA, seenB *seen, n *naming) int {
	if of := singleOrders[g.asked.Measure]; g.single && of != nil {
		x, y := of(seenA), of(seenB)
		if c := oneFirst(strings.Compare(x, y), x != "", y != "", g.asked.Ascending); c != 0 {
			return c
		}
	}
	if g.sort != nil {
		if c := g.compareKeys(keyA, keyB, n); c != 0 {
			return c
		}
	}
	if g.order != nil {
		if c := g.order(a, b); c != 0 {
			return c
		}
	}
	return a.all.compare(b.all)
}
