package flow

// Flush gives all that was counted on. It reports false if yield did.
func (s *Sums) Flush(yield func(Batch) bool) bool {
	for i := range s.spans {
		for p := range s.spans[i].open {
			for k := range s.spans[i].open[p] {
				s.close(uint32(i), p == 1, &s.spans[i].open[p][k])
			}
		}
	}
	if len(s.steps) > 0 {
		s.Steps(s.steps)
	}
	s.steps = s.steps[:0]
	more := len(s.full) == 0 || yield(s.full)
	s.full = s.full[:0]
	for at := 0; more && at < len(s.rows); at += sumBatch {
		s.batch = s.batch[:0]
		for i := at; i < min(len(s.rows), at+sumBatch); i++ {
			if r := &s.rows[i]; r.records > 0 {
				s.batch = append(s.batch, s.sum(r, &s.flows[i]))
			}
		}
		more = len(s.batch) == 0 || yield(s.batch)
	}
	s.reset()
	return more
}

// reset forgets the rows. Of few rows, it clears but their slots.
func (s *Sums) reset() {
	if len(s.rows)*8 < len(s.slots) {
		for i := range s.flows {
			s.slots[s.flows[i].slot] = 0
		}
	} else {
		clear(s.slots)
	}
	s.rows, s.flows = s.rows[:0], s.flows[:0]
	s.turn++
}
