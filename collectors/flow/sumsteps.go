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

// spans are the steps of a context that grow: of two minutes, since sightings
// come nearly in order, and of private traffic or not.
type spans struct {
	context Context
	open    [2][2]span
}

type span struct {
	from, length int64 // length is 0 of one that is not open
	packets      uint64
	bytes        uint64
	begun        uint32
	ended        uint32
	records      uint32
	measured     uint8 // 1 if any of it was
}

// time adds a sighting to its minute.
func (s *Sums) time(t *Sighting, private bool) {
	open := &s.spans[t.Context].open[bit(private)]
	w := &open[0]
	if uint64(t.Time-w.from) >= uint64(w.length) {
		if w = &open[1]; uint64(t.Time-w.from) >= uint64(w.length) {
			w = s.begin(t, private, open)
		}
	}
	w.packets += t.Counters[0] + t.Counters[2]
	w.bytes += t.Counters[1] + t.Counters[3]
	w.measured |= bit(t.Measured)
	w.records++
	w.begun += uint32(bit(t.State == Begin))
	w.ended += uint32(bit(t.State == End))
}

// begin returns the span of a sighting's minute, in the place of the older one.
func (s *Sums) begin(t *Sighting, private bool, open *[2]span) *span {
	w := &open[0]
	if open[1].from < w.from {
		w = &open[1]
	}
	s.close(t.Context, private, w)
	*w = span{from: t.Time - (t.Time%minute+minute)%minute, length: minute}
	return w
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
	if w.measured != 0 {
		step.Measured = Packets | IPBytes
	}
	s.steps = append(s.steps, step)
	*w = span{}
}
