package aggregate

import "flowctl/collectors/flow"

// openIntervals are the intervals of a context that grow: of two minutes, since observations
// come nearly in order, and of private traffic or not.
type openIntervals struct {
	context flow.Context
	open    [2][2]openInterval
}

type openInterval struct {
	from, length int64 // length is 0 of one that is not open
	packets      uint64
	bytes        uint64
	begun        uint32
	ended        uint32
	records      uint32
	measured     uint8 // 1 if any of it was
}

// time adds an observation to its minute.
func (s *Cache) time(t *flow.Observation, private bool) {
	open := &s.contexts[t.Context].open[bit(private)]
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
	w.begun += uint32(bit(t.State == flow.Begin))
	w.ended += uint32(bit(t.State == flow.End))
}

// begin returns the interval of an observation's minute, in the slot of the older one.
func (s *Cache) begin(t *flow.Observation, private bool, open *[2]openInterval) *openInterval {
	w := &open[0]
	if open[1].from < w.from {
		w = &open[1]
	}
	s.close(t.Context, private, w)
	*w = openInterval{from: t.Time - (t.Time%minute+minute)%minute, length: minute}
	return w
}

// close ends a span.
func (s *Cache) close(context uint32, private bool, w *openInterval) {
	if w.records == 0 {
		return
	}
	done := flow.Interval{
		Context: s.contexts[context].context, Private: private, Start: w.from,
		Packets: w.packets, IPBytes: w.bytes, Begun: uint64(w.begun), Ended: uint64(w.ended), Records: uint64(w.records),
	}
	if w.measured != 0 {
		done.Measured = flow.Packets | flow.IPBytes
	}
	s.intervals = append(s.intervals, done)
	*w = openInterval{}
}
