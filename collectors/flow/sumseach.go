package flow

// Place is a small number of a sighting's flow in its context. It stays that of
// the flow until Turn of its Sums changes.
func (t *Sighting) Place() int { return int(t.row) }

// Turn is how often all flows have gone on; their places are given anew then.
func (s *Sums) Turn() uint32 { return s.turn }

// Flow returns the flow of a sighting that was resolved, and its context.
func (s *Sums) Flow(t *Sighting) (Key, Context) {
	return s.flows[t.row-1].Key, s.spans[t.Context].context
}

// Key returns the flow of a sighting that was resolved.
func (s *Sums) Key(t *Sighting) *Key { return &s.flows[t.row-1].Key }

// Record returns a sighting that was resolved as a record of its own.
func (s *Sums) Record(t *Sighting) Record {
	k, c := s.Flow(t)
	r := Record{
		Key: k, First: t.Time, Last: t.Time,
		Sent:      Count{Packets: t.Counters[0], IPBytes: t.Counters[1]},
		Received:  Count{Packets: t.Counters[2], IPBytes: t.Counters[3]},
		Direction: c.Direction, State: t.State, Encryption: c.Encryption,
		Point: c.Point, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	}
	if t.Measured {
		r.Measured = Packets | IPBytes
	}
	return r
}
