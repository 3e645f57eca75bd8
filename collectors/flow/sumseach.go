package flow

// each gives sightings to Each as records.
func (s *Sums) each(all []Sighting) {
	s.batch = s.batch[:0]
	for i := range all {
		if s.outside(&all[i]) {
			continue
		}
		s.batch = append(s.batch, s.single(&all[i]))
		if len(s.batch) == eachBatch {
			s.Each(s.batch)
			s.batch = s.batch[:0]
		}
	}
	if len(s.batch) > 0 {
		s.Each(s.batch)
	}
}

// eachBatch is how many records are handed on at once: so few that they are
// still near when they are taken apart.
const eachBatch = 256

// single is the record of one sighting.
func (s *Sums) single(t *Sighting) Record {
	c := &s.spans[t.Context].context
	r := Record{
		Key: s.flows[t.row-1].Key, First: t.Time, Last: t.Time,
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
