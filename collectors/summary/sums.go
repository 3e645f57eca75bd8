package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// sums returns those rows of one conversation in one interval that count, of
// sources that add flows up and drop their source ports, and the others. A row is
// a sum of many flows there, so no two add up to one flow.
//
//   - Two logs of one interface say the same in the same direction: the one that
//     saw most counts.
//   - What was seen leaving one interface and arriving at another one is the same
//     traffic: the row of the end that opened it counts, which is the one that
//     Microsoft advises to keep. Their counters are near and not equal. What was
//     only seen arriving counts.
//   - Both directions at one interface are the passage of a machine that forwards.
//     Whose traffic that is cannot be told from the rows: both count.
//
// What was refused counts apart: an attempt that was let out here and refused there
// is told by both rows.
func sums(rows []*enriched) (kept, dropped []*enriched) {
	for i, s := range rows {
		if !local(s) && slices.ContainsFunc(rows, func(o *enriched) bool { return s.sameTraffic(o) && o.stands(s, rows) }) {
			dropped = append(dropped, rows[i])
		} else {
			kept = append(kept, rows[i])
		}
	}
	for _, s := range kept {
		s.flows, s.denied = uint64(s.row.Begins), 0
		if s.verdict() == aggregate.Denied {
			s.denied = s.flows
		}
	}
	return kept, dropped
}

// sameTraffic reports whether two rows can be of the same traffic.
func (s *enriched) sameTraffic(o *enriched) bool {
	return s.row.Src == o.row.Src && s.row.Dst == o.row.Dst && !s.row.Src.IsZero() && !s.row.Dst.IsZero() &&
		s.row.Port == o.row.Port && s.verdict() == o.verdict() && s.point.Point != 0 && o.point.Point != 0
}

// stands reports whether s stands for the row o, of the same traffic.
func (s *enriched) stands(o *enriched, rows []*enriched) bool {
	from, to := s.point.Context.Direction, o.point.Context.Direction
	switch {
	case s.point.Point != o.point.Point:
		return from == flow.Outbound && to == flow.Inbound
	case from != to || s.point.Log == o.point.Log:
		return false
	}
	w, v := s.ofLog(rows), o.ofLog(rows)
	return w.compare(v) > 0 || w.compare(v) == 0 && s.point.logText < o.point.logText
}

// ofLog is what the log of s says of its traffic at its interface.
func (s *enriched) ofLog(rows []*enriched) (w weight) {
	for _, o := range rows {
		if s.sameTraffic(o) && s.samePoint(o) && s.point.Context.Direction == o.point.Context.Direction {
			w = w.plus(weight{o.row.Sent.Packets + o.row.Received.Packets, o.row.Sent.IPBytes + o.row.Received.IPBytes, uint64(o.row.Begins)})
		}
	}
	return w
}
