package summary

import "math/bits"

// removal is what is taken out of a series because it was merged.
type removal struct {
	packets, ipBytes, frameBytes, begun, records uint64
}

func (r *removal) add(s *seen) {
	r.packets += s.sent.packets + s.received.packets
	r.ipBytes += s.sent.ipBytes + s.received.ipBytes
	r.frameBytes += s.sent.frameBytes + s.received.frameBytes
	r.begun += uint64(s.row.begins)
	r.records += uint64(s.row.records)
}

// document adds all series up, without what was merged. When the traffic
// that a point saw was merged is not kept, so what remains of its series is
// spread over time as all of it was.
func (t *timeline) document(dropped map[seriesKey]*removal, all marks) Timeline {
	doc := Timeline{Steps: []Step{}}
	if t.first > t.last {
		return doc
	}
	doc.Seconds = 60 << t.shift
	sum := make([]step, t.last-t.first+1)
	logs := false
	for k, s := range t.groups {
		logs = logs || k.class < capture && len(s.steps) > 0
		if r := dropped[k]; r != nil {
			s.remove(r, k.denied)
		}
		for i := range s.steps {
			sum[s.base+int64(i)-t.first].add(&s.steps[i])
		}
	}
	for i, s := range sum {
		v := s.sum
		v.marks = all
		doc.Steps = append(doc.Steps, Step{
			Start:  Instant((t.first + int64(i)) << t.shift * minute),
			Volume: v.volume(), Begun: known(s.begun, logs), Denied: known(s.denied, logs),
		})
	}
	return doc
}

// remove takes r out of s.
func (s *series) remove(r *removal, denied bool) {
	s.scale(r.packets, func(v *step) *uint64 { return &v.sum.packets })
	s.scale(r.ipBytes, func(v *step) *uint64 { return &v.sum.ipBytes })
	s.scale(r.frameBytes, func(v *step) *uint64 { return &v.sum.frameBytes })
	s.scale(r.begun, func(v *step) *uint64 { return &v.begun })
	if denied {
		s.scale(r.records, func(v *step) *uint64 { return &v.denied })
	}
}

// scale makes one counter of all steps smaller by less in sum, each in
// proportion, and exactly so in sum.
func (s *series) scale(less uint64, of func(*step) *uint64) {
	var total uint64
	for i := range s.steps {
		total += *of(&s.steps[i])
	}
	if less == 0 || total == 0 {
		return
	}
	keep := total - min(less, total)
	var sum, done uint64
	for i := range s.steps {
		v := of(&s.steps[i])
		sum += *v
		hi, lo := bits.Mul64(sum, keep)
		upTo, _ := bits.Div64(hi, lo, total)
		*v, done = upTo-done, upTo
	}
}
