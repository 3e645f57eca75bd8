package summary

import "flowctl/collectors/aggregate"

// Where one point saw what the source of a flow sent, and another one what came back, as the
// two sides of a tap do and network appliances with a way there and another way back, what
// counts is found for each direction of its own: else the point that saw more would be all
// of the flow.

// overlaps calls f with those views of a flow's rows that overlap.
func (d *deduplicator) overlaps(rows []*enriched, f func(views []view)) {
	d.eachOverlap(rows, func(views []view) {
		if !oneWay(views) {
			f(views)
			return
		}
		for _, w := range []way{there, back} {
			if half := halves(views, w); len(half) > 0 {
				d.eachOverlap(half, f)
			}
		}
	})
}

func (d *deduplicator) eachOverlap(rows []*enriched, f func(views []view)) {
	for _, views := range apart(viewsOf(rows), d.locator) {
		for len(views) > 0 {
			n := overlapping(views)
			f(views[:n])
			views = views[n:]
		}
	}
}

// oneWay reports whether a view saw one direction alone, and another one something of
// the other direction.
func oneWay(views []view) bool {
	if len(views) == 1 {
		return false
	}
	var alone, some [2]bool
	for i := range views {
		var sent, received uint64
		for _, s := range views[i].rows {
			sent, received = sent+s.row.Sent.Packets, received+s.row.Received.Packets
		}
		some[0], some[1] = some[0] || sent > 0, some[1] || received > 0
		alone[0], alone[1] = alone[0] || sent > 0 && received == 0, alone[1] || sent == 0 && received > 0
	}
	return alone[0] && some[1] || alone[1] && some[0]
}

// halves are the rows of views with what went in one direction, if anything did.
func halves(views []view, w way) (list []*enriched) {
	for _, v := range views {
		for _, s := range v.rows {
			if ofWay(s.row.Sent, s.row.Received, w) {
				list = append(list, s.half(w))
			}
		}
	}
	return list
}

// ofWay reports whether some of what was sent and received went in a direction. What counted
// nothing is with what was sent.
func ofWay(sent, received aggregate.Wire, w way) bool {
	if w == back {
		return received != aggregate.Wire{}
	}
	return sent != aggregate.Wire{} || received == aggregate.Wire{}
}

// half is what of s went in one direction.
func (s *enriched) half(w way) *enriched {
	row, o := *s.row, *s
	halve(&row.Sent, &row.Received, &o.frames, &row.Records, w)
	o.row, o.way, o.whole = &row, w, s
	o.tally()
	return &o
}

// halve leaves what went in one direction. Records of both are with what was sent.
func halve(sent, received *aggregate.Wire, f *aggregate.FrameBytes, records *uint32, w way) {
	of := there
	if !ofWay(*sent, *received, there) { // all of it was received
		of = back
	}
	if w != of {
		*records = 0
	}
	if w == there {
		*received, f.Received = aggregate.Wire{}, 0
	} else {
		*sent, f.Sent = aggregate.Wire{}, 0
	}
}

// halved are moments with what went in one direction.
func halved(list []aggregate.Moment, w way) []aggregate.Moment {
	half := make([]aggregate.Moment, 0, len(list))
	for _, m := range list {
		halve(&m.Sent, &m.Received, &m.Frames, &m.Records, w)
		half = append(half, m)
	}
	return half
}
