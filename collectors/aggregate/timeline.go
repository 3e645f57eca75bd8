package aggregate

import (
	"math/bits"

	"flowctl/collectors/flow"
)

// Timeline adds up traffic by steps of time, apart for every group of
// contexts, so that what is merged later can be taken out of it again.
type Timeline struct {
	Groups map[SeriesKey]*Series
	Shift  uint  // a step is a minute times 2^shift
	First  int64 // first and last step with traffic
	Last   int64
}

// SeriesKey says whose traffic a series is.
type SeriesKey struct {
	Point     flow.ID
	Class     Class
	Direction flow.Direction
	Denied    bool
	Private   bool // both addresses are
}

// Series is the traffic of one group, step by step from step base on.
type Series struct {
	Base  int64
	Steps []MinuteStep

	from, to int64 // time of the step that was used last: most records follow in it
	now      int   // its index in steps
}

type MinuteStep struct {
	Sum    Tally
	Begun  uint64
	Denied uint64
}

// Tally is an amount of traffic with what was measured of it.
type Tally struct {
	Packets, IPBytes, FrameBytes uint64
	Marks                        Marks
}

// Add adds u.
func (t *Tally) Add(u *Tally) {
	t.Packets += u.Packets
	t.IPBytes += u.IPBytes
	t.FrameBytes += u.FrameBytes
	t.Marks |= u.Marks
}

const (
	Minute   = int64(60e9)
	MaxSteps = 120
)

func newTimeline() Timeline {
	return Timeline{Groups: map[SeriesKey]*Series{}, First: NoFirst, Last: NoLast}
}

// of returns the series that traffic of context k belongs to.
func (t *Timeline) of(k Context, private bool) *Series {
	key := SeriesKey{k.Point, k.Class, k.Direction, k.Verdict == Denied, private}
	s := t.Groups[key]
	if s == nil {
		s = &Series{}
		t.Groups[key] = s
	}
	return s
}

// Step is the step that a time is in.
func (t *Timeline) Step(at int64) int64 { return floorDiv(at, Minute) >> t.Shift }

// add counts r in s: at the time of its end, since a flow log states no other.
func (t *Timeline) add(s *Series, r *flow.Record, m Marks) {
	if r.Last == flow.NoTime {
		return
	}
	if r.Last < s.from || r.Last >= s.to {
		n := floorDiv(r.Last, Minute)
		if t.at(s, n>>t.Shift) == nil {
			t.at(s, n>>t.Shift)
		}
		n >>= t.Shift
		s.now = int(n - s.Base)
		s.from, s.to = n<<t.Shift*Minute, (n+1)<<t.Shift*Minute
	}
	st := &s.Steps[s.now]
	st.Sum.Packets += r.Sent.Packets + r.Received.Packets
	st.Sum.IPBytes += r.Sent.IPBytes + r.Received.IPBytes
	st.Sum.FrameBytes += r.Sent.FrameBytes + r.Received.FrameBytes
	st.Sum.Marks |= m
	switch {
	case r.IsSum() && r.Denied():
		st.Denied += uint64(r.Begins)
	case r.IsSum():
		st.Begun += uint64(r.Begins)
	case r.State == flow.Begin:
		st.Begun++
	case r.Denied():
		st.Denied++
	}
}

// coarsen makes steps no shorter than the intervals of Traffic Analytics, of
// which it is not known when within them what flowed.
func (t *Timeline) coarsen() {
	const hour = 6 // 64 minutes
	if t.Shift < hour {
		t.widen(hour - t.Shift)
	}
}

// addInterval adds what a reader added up by the minute.
func (t *Timeline) addInterval(s *Series, o *flow.Interval, m Marks) {
	n := floorDiv(o.Start, Minute)
	if t.at(s, n>>t.Shift) == nil {
		t.at(s, n>>t.Shift)
	}
	st := t.at(s, n>>t.Shift)
	st.Sum.Add(&Tally{Packets: o.Packets, IPBytes: o.IPBytes, Marks: m})
	st.Begun += o.Begun
	if o.Denied {
		st.Denied += o.Records
	}
	s.from, s.to = 0, 0 // its steps may have moved
}

// at returns step n of s, or nil if steps had to be made longer to hold it.
func (t *Timeline) at(s *Series, n int64) *MinuteStep {
	if n < t.First || n > t.Last {
		first, last := min(t.First, n), max(t.Last, n)
		if k := excess(first, last); k > 0 {
			t.widen(k)
			return nil
		}
		t.First, t.Last = first, last
	}
	return s.at(n)
}

// excess is how often steps must double for first to last to fit.
func excess(first, last int64) uint {
	k := uint(max(0, bits.Len64(uint64(last-first)/MaxSteps)-1))
	for last>>k-first>>k >= MaxSteps {
		k++
	}
	return k
}

func (s *Series) at(n int64) *MinuteStep {
	switch {
	case len(s.Steps) == 0:
		s.Base = n
	case n < s.Base:
		s.Steps = append(make([]MinuteStep, s.Base-n, int(s.Base-n)+len(s.Steps)), s.Steps...)
		s.Base = n
		s.from, s.to = 0, 0
	}
	for int64(len(s.Steps)) <= n-s.Base {
		s.Steps = append(s.Steps, MinuteStep{})
	}
	return &s.Steps[n-s.Base]
}

// widen makes steps 2^k times as long. Steps begin at multiples of their
// length, so the result does not depend on when this happens.
func (t *Timeline) widen(k uint) {
	if k == 0 {
		return
	}
	t.Shift += k
	if t.First <= t.Last {
		t.First >>= k
		t.Last >>= k
	}
	for _, s := range t.Groups {
		s.widen(k)
	}
}

func (s *Series) widen(k uint) {
	old := *s
	*s = Series{}
	for i := range old.Steps {
		s.at((old.Base + int64(i)) >> k).Add(&old.Steps[i])
	}
}

// Add adds o.
func (s *MinuteStep) Add(o *MinuteStep) {
	s.Sum.Add(&o.Sum)
	s.Begun += o.Begun
	s.Denied += o.Denied
}

// merge adds o, which is of no use afterwards.
func (t *Timeline) merge(o *Timeline) {
	if o.First > o.Last {
		return
	}
	t.widen(max(t.Shift, o.Shift) - t.Shift)
	o.widen(t.Shift - o.Shift)
	first, last := min(t.First, o.First), max(t.Last, o.Last)
	if k := excess(first, last); k > 0 {
		t.widen(k)
		o.widen(k)
		first, last = first>>k, last>>k
	}
	t.First, t.Last = first, last
	for k, s := range o.Groups {
		t.group(k).addAll(s)
	}
}

func (t *Timeline) group(k SeriesKey) *Series {
	s := t.Groups[k]
	if s == nil {
		s = &Series{}
		t.Groups[k] = s
	}
	return s
}

func (s *Series) addAll(o *Series) {
	for i := range o.Steps {
		s.at(o.Base + int64(i)).Add(&o.Steps[i])
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
