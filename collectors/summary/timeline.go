package summary

import "flowctl/collectors/aggregate"
import "math/bits"

// removal is what is taken out of a series because it was merged.
type removal struct {
	packets, ipBytes, frameBytes, begun, records uint64
}

func (r *removal) add(s *enriched) {
	r.packets += s.sent.Packets + s.received.Packets
	r.ipBytes += s.sent.IPBytes + s.received.IPBytes
	r.frameBytes += s.sent.FrameBytes + s.received.FrameBytes
	r.begun += uint64(s.row.Begins)
	r.records += uint64(s.row.Records)
}

// document adds all series up, without what was merged. When the traffic
// that a point saw was merged is not kept, so what remains of its series is
// spread over time as all of it was.
func timelineOf(t *aggregate.Timeline, dropped map[aggregate.SeriesKey]*removal, all aggregate.Marks) Timeline {
	doc := Timeline{Steps: []Step{}}
	if t.First > t.Last {
		return doc
	}
	doc.Seconds = 60 << t.Shift
	sum := make([]aggregate.MinuteStep, t.Last-t.First+1)
	logs := false
	for k, s := range t.Groups {
		logs = logs || k.Class < aggregate.Capture && len(s.Steps) > 0
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

// takeFrom takes r out of s.
func (r *removal) takeFrom(s *aggregate.Series, denied bool) {
	scale(s, r.packets, func(v *aggregate.MinuteStep) *uint64 { return &v.Sum.Packets })
	scale(s, r.ipBytes, func(v *aggregate.MinuteStep) *uint64 { return &v.Sum.IPBytes })
	scale(s, r.frameBytes, func(v *aggregate.MinuteStep) *uint64 { return &v.Sum.FrameBytes })
	scale(s, r.begun, func(v *aggregate.MinuteStep) *uint64 { return &v.Begun })
	if denied {
		scale(s, r.records, func(v *aggregate.MinuteStep) *uint64 { return &v.Denied })
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
		hi, lo := bits.Mul64(sum, keep)
		upTo, _ := bits.Div64(hi, lo, total)
		*v, done = upTo-done, upTo
	}
}
