package aggregate

import "flowctl/collectors/flow"

// Flush gives all that was counted on. It reports false if yield did.
func (s *Cache) Flush(yield func(flow.Batch) bool) bool {
	for i := range s.contexts {
		for p := range s.contexts[i].open {
			for k := range s.contexts[i].open[p] {
				s.close(uint32(i), p == 1, &s.contexts[i].open[p][k])
			}
		}
	}
	if len(s.intervals) > 0 {
		s.Intervals(s.intervals)
	}
	s.intervals = s.intervals[:0]
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
	if s.outside != nil {
		more = s.outside.Flush(s.Besides) && more
	}
	return more
}

// leave counts what was outside in a cache of its own.
func (s *Cache) leave() bool {
	if s.outside == nil {
		s.outside = &Cache{Intervals: func([]flow.Interval) {}}
	}
	flows := make([]flow.Key, len(s.left))
	for i := range s.left {
		o := &s.left[i]
		key, c := s.Flow(o)
		flows[i] = key
		o.Context = s.outside.Context(c)
		o.Hash[1] ^= (uint64(o.Context) + 1) * Seeds[0] // which Resolve takes out of Hash[0] again, if both have one number
	}
	more := s.outside.Resolve(s.left, func(i int) (flow.Key, bool) { return flows[i], true }) && s.outside.Count(s.left, s.Besides)
	s.left = s.left[:0]
	return more
}

// reset forgets the rows.
func (s *Cache) reset() {
	s.index.ResetFew(func(n int) uint32 { return uint32(s.rows[n].hash[0]) })
	s.rows, s.flows = s.rows[:0], s.flows[:0]
	s.generation++
}

// Generation is how often all flows have gone on; their numbers are given anew
// then.
func (s *Cache) Generation() uint32 { return s.generation }

// Flow returns the flow of an observation that was resolved, and its context.
func (s *Cache) Flow(t *flow.Observation) (flow.Key, flow.Context) {
	return s.flows[t.Row-1].Key, s.contexts[t.Context].context
}

// Record returns an observation that was resolved as a record of its own.
func (s *Cache) Record(t *flow.Observation) flow.Record {
	return t.Record(s.Flow(t))
}
