package summary

import (
	"math/bits"

	"flowctl/collectors/aggregate"
)

// removal is what is taken out of a series because it was merged, by step.
type removal map[int64]*[removalCounters]uint64

// The counters of a removal.
const (
	removedPackets = iota
	removedIPBytes
	removedFrameBytes
	removedBegun
	removedRecords
	removalCounters
)

// add adds s, whose records are spread evenly over its time: of a single one that
// is exact.
func (r removal) add(s *enriched, t *aggregate.Timeline) {
	row := s.row
	first, last := t.Step(row.First), t.Step(row.Last)
	if row.First > row.Last {
		return // it has no time, and so no step
	}
	if row.Records == 1 {
		first = last // where a record is
	}
	first, last = max(first, t.First), min(last, t.Last)
	counters := [removalCounters]uint64{
		s.sent.Packets + s.received.Packets, s.sent.IPBytes + s.received.IPBytes, s.sent.FrameBytes + s.received.FrameBytes,
		uint64(row.Begins), uint64(row.Records),
	}
	if s.point.Class.Sum() {
		counters[removedRecords] = uint64(row.Begins)
	}
	steps := uint64(max(0, last-first+1))
	for n := range steps {
		at := r[first+int64(n)]
		if at == nil {
			at = &[removalCounters]uint64{}
			r[first+int64(n)] = at
		}
		for i, c := range counters {
			at[i] += part(c, n+1, steps) - part(c, n, steps)
		}
	}
}

// merge adds o.
func (r removal) merge(o removal) {
	for n, from := range o {
		at := r[n]
		if at == nil {
			r[n] = from
			continue
		}
		for i := range at {
			at[i] += from[i]
		}
	}
}

// part is n times some of all.
func part(n, some, all uint64) uint64 {
	hi, lo := bits.Mul64(n, some)
	q, _ := bits.Div64(hi, lo, all)
	return q
}

// timelineOf adds all series up, without what was merged.
func timelineOf(t *aggregate.Timeline, dropped map[aggregate.SeriesKey]removal, all aggregate.Marks) Timeline {
	doc := Timeline{Steps: []Step{}}
	if t.First > t.Last {
		return doc
	}
	doc.Seconds = 60 << t.Shift
	sum := make([]aggregate.MinuteStep, t.Last-t.First+1)
	logs := false
	for k, s := range t.Groups {
		logs = logs || k.Class.Log() && len(s.Steps) > 0
		if r := dropped[k]; r != nil {
			r.takeFrom(s, k.Denied)
		}
		for i := range s.Steps {
			sum[s.Base+int64(i)-t.First].Add(&s.Steps[i])
		}
	}
	for i, s := range sum {
		v := s.Sum
		v.Marks = all
		doc.Steps = append(doc.Steps, Step{
			Start:  Instant((t.First + int64(i)) << t.Shift * aggregate.Minute),
			Volume: volume(v), Begun: known(s.Begun, logs), Denied: known(s.Denied, logs),
		})
	}
	return doc
}

// takeFrom takes r out of s. What a step does not have, because the records of a
// row were not spread evenly, is taken out of the others in proportion.
func (r removal) takeFrom(s *aggregate.Series, denied bool) {
	of := [removalCounters]func(*aggregate.MinuteStep) *uint64{
		func(v *aggregate.MinuteStep) *uint64 { return &v.Sum.Packets },
		func(v *aggregate.MinuteStep) *uint64 { return &v.Sum.IPBytes },
		func(v *aggregate.MinuteStep) *uint64 { return &v.Sum.FrameBytes },
		func(v *aggregate.MinuteStep) *uint64 { return &v.Begun },
		func(v *aggregate.MinuteStep) *uint64 { return &v.Denied },
	}
	for i, of := range of {
		if i == removedRecords && !denied {
			continue
		}
		var left uint64
		for n, less := range r {
			at := n - s.Base
			if at < 0 || at >= int64(len(s.Steps)) {
				left += less[i]
				continue
			}
			v := of(&s.Steps[at])
			took := min(*v, less[i])
			*v -= took
			left += less[i] - took
		}
		scale(s, left, of)
	}
}

// scale makes one counter of all steps smaller by less in sum, each in
// proportion, and exactly so in sum.
func scale(s *aggregate.Series, less uint64, of func(*aggregate.MinuteStep) *uint64) {
	var total uint64
	for i := range s.Steps {
		total += *of(&s.Steps[i])
	}
	if less == 0 || total == 0 {
		return
	}
	keep := total - min(less, total)
	var sum, done uint64
	for i := range s.Steps {
		v := of(&s.Steps[i])
		sum += *v
		upTo := part(sum, keep, total)
		*v, done = upTo-done, upTo
	}
}
