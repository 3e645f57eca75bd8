package summary

import (
	"math/bits"

	"flowctl/collectors/flow"
)

// timeline adds up traffic by steps of time, apart for every group of
// contexts, so that what is merged later can be taken out of it again.
type timeline struct {
	groups map[seriesKey]*series
	shift  uint  // a step is a minute times 2^shift
	first  int64 // first and last step with traffic
	last   int64
}

// seriesKey says whose traffic a series is.
type seriesKey struct {
	point     flow.ID
	class     class
	direction flow.Direction
	denied    bool
	private   bool // both addresses are
}

// series is the traffic of one group, step by step from step base on.
type series struct {
	base  int64
	steps []step

	from, to int64 // time of the step that was used last: most records follow in it
	now      int   // its place in steps
}

type step struct {
	sum    tally
	begun  uint64
	denied uint64
}

// tally is an amount of traffic with what was measured of it.
type tally struct {
	packets, ipBytes, frameBytes uint64
	marks                        marks
}

func (t *tally) add(u *tally) {
	t.packets += u.packets
	t.ipBytes += u.ipBytes
	t.frameBytes += u.frameBytes
	t.marks |= u.marks
}

func (t tally) volume() Volume {
	return Volume{known(t.packets, t.marks.packets()), known(t.frameBytes, t.marks.frames()), known(t.ipBytes, t.marks.ipBytes())}
}

const (
	minute   = int64(60e9)
	maxSteps = 120
)

func newTimeline() timeline {
	return timeline{groups: map[seriesKey]*series{}, first: noFirst, last: noLast}
}

// of returns the series that traffic of context k belongs to.
func (t *timeline) of(k context, private bool) *series {
	key := seriesKey{k.point, k.class, k.direction, k.verdict == denied, private}
	s := t.groups[key]
	if s == nil {
		s = &series{}
		t.groups[key] = s
	}
	return s
}

// add counts r in s: at the time of its end, since a flow log states no other.
func (t *timeline) add(s *series, r *flow.Record, m marks) {
	if r.Last == flow.NoTime {
		return
	}
	if r.Last < s.from || r.Last >= s.to {
		n := floorDiv(r.Last, minute)
		if t.at(s, n>>t.shift) == nil {
			t.at(s, n>>t.shift)
		}
		n >>= t.shift
		s.now = int(n - s.base)
		s.from, s.to = n<<t.shift*minute, (n+1)<<t.shift*minute
	}
	st := &s.steps[s.now]
	st.sum.packets += r.Sent.Packets + r.Received.Packets
	st.sum.ipBytes += r.Sent.IPBytes + r.Received.IPBytes
	st.sum.frameBytes += r.Sent.FrameBytes + r.Received.FrameBytes
	st.sum.marks |= m
	switch r.State {
	case flow.Begin:
		st.begun++
	case flow.Deny:
		st.denied++
	}
}

// addStep adds what a reader added up by the minute.
func (t *timeline) addStep(s *series, o *flow.Step, m marks) {
	n := floorDiv(o.Start, minute)
	if t.at(s, n>>t.shift) == nil {
		t.at(s, n>>t.shift)
	}
	st := t.at(s, n>>t.shift)
	st.sum.add(&tally{packets: o.Packets, ipBytes: o.IPBytes, marks: m})
	st.begun += o.Begun
	if o.Denied {
		st.denied += o.Records
	}
	s.from, s.to = 0, 0 // its steps may have moved
}

// at returns step n of s, or nil if steps had to be made longer to hold it.
func (t *timeline) at(s *series, n int64) *step {
	if n < t.first || n > t.last {
		first, last := min(t.first, n), max(t.last, n)
		if k := excess(first, last); k > 0 {
			t.widen(k)
			return nil
		}
		t.first, t.last = first, last
	}
	return s.at(n)
}

// excess is how often steps must double for first to last to fit.
func excess(first, last int64) uint {
	k := uint(max(0, bits.Len64(uint64(last-first)/maxSteps)-1))
	for last>>k-first>>k >= maxSteps {
		k++
	}
	return k
}

func (s *series) at(n int64) *step {
	switch {
	case len(s.steps) == 0:
		s.base = n
	case n < s.base:
		s.steps = append(make([]step, s.base-n, int(s.base-n)+len(s.steps)), s.steps...)
		s.base = n
		s.from, s.to = 0, 0
	}
	for int64(len(s.steps)) <= n-s.base {
		s.steps = append(s.steps, step{})
	}
	return &s.steps[n-s.base]
}

// widen makes steps 2^k times as long. Steps begin at multiples of their
// length, so the result does not depend on when this happens.
func (t *timeline) widen(k uint) {
	if k == 0 {
		return
	}
	t.shift += k
	if t.first <= t.last {
		t.first >>= k
		t.last >>= k
	}
	for _, s := range t.groups {
		s.widen(k)
	}
}

func (s *series) widen(k uint) {
	old := *s
	*s = series{}
	for i := range old.steps {
		s.at((old.base + int64(i)) >> k).add(&old.steps[i])
	}
}

func (s *step) add(o *step) {
	s.sum.add(&o.sum)
	s.begun += o.begun
	s.denied += o.denied
}

// merge adds o, which is of no use afterwards.
func (t *timeline) merge(o *timeline) {
	if o.first > o.last {
		return
	}
	t.widen(max(t.shift, o.shift) - t.shift)
	o.widen(t.shift - o.shift)
	first, last := min(t.first, o.first), max(t.last, o.last)
	if k := excess(first, last); k > 0 {
		t.widen(k)
		o.widen(k)
		first, last = first>>k, last>>k
	}
	t.first, t.last = first, last
	for k, s := range o.groups {
		t.group(k).addAll(s)
	}
}

func (t *timeline) group(k seriesKey) *series {
	s := t.groups[k]
	if s == nil {
		s = &series{}
		t.groups[k] = s
	}
	return s
}

func (s *series) addAll(o *series) {
	for i := range o.steps {
		s.at(o.base + int64(i)).add(&o.steps[i])
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
