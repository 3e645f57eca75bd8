package flow

// Step is what flows of one context did in one minute.
type Step struct {
	Context
	Private               bool  // both addresses are
	Start                 int64 // Unix nanoseconds
	Packets, IPBytes      uint64
	Measured              Measure // of any of it
	Begun, Ended, Records uint64
}

// spans are the steps of a context that grow: of even and odd minutes, since
// sightings come nearly in order, and of private traffic or not.
type spans struct {
	context Context
	open    [2][2]span
}

type span struct {
	from, to int64
	packets  uint64
	bytes    uint64
	begun    uint32
	ended    uint32
	records  uint32
	measured bool
}

// time adds a sighting to its minute.
func (s *Sums) time(t *Sighting, private bool) {
	p := 0
	if private {
		p = 1
	}
	w := &s.spans[t.Context].open[p][uint64(t.Time)/uint64(minute)&1]
	if t.Time < w.from || t.Time >= w.to {
		s.close(t.Context, private, w)
		from := t.Time - (t.Time%minute+minute)%minute
		*w = span{from: from, to: from + minute}
	}
	w.packets += t.Counters[0] + t.Counters[2]
	w.bytes += t.Counters[1] + t.Counters[3]
	w.measured = w.measured || t.Measured
	w.records++
	switch t.State {
	case Begin:
		w.begun++
	case End:
		w.ended++
	}
}

// close turns a span into a step.
func (s *Sums) close(context uint32, private bool, w *span) {
	if w.records == 0 {
		return
	}
	step := Step{
		Context: s.spans[context].context, Private: private, Start: w.from,
		Packets: w.packets, IPBytes: w.bytes, Begun: uint64(w.begun), Ended: uint64(w.ended), Records: uint64(w.records),
	}
	if w.measured {
		step.Measured = Packets | IPBytes
	}
	s.steps = append(s.steps, step)
	*w = span{}
}
