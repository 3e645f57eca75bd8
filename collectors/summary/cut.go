package summary

import (
	"cmp"
	"slices"
	"sort"

	"flowctl/collectors/aggregate"
)

// piece is a stretch of time in which the same views saw a flow.
type piece struct {
	from, to int64  // to is not in it
	counts   []bool // by number of the view: what it saw counts
}

// cut returns what counts of views that overlap and did not see the flow at the
// same times.
func (d *deduplicator) cut(views []view) (kept, dropped []*enriched) {
	moments, ok := d.moments(views)
	turns, open, inTurns := turnsOf(views, moments)
	counts, exact := turns.counts, true
	if !inTurns {
		var pieces []piece
		pieces, exact = piecesOf(views, moments)
		for i := range pieces {
			pieces[i].choose(views, moments)
		}
		counts = func(i int, at int64) bool { return pieces[pieceAt(pieces, at*second)].counts[i] }
	}
	if open.packets > 0 || open.ipBytes > 0 {
		d.turns = turned{1, open.ipBytes}
	}
	for i := range views {
		for k, s := range views[i].rows {
			var in, out []aggregate.Moment
			for _, m := range moments[i][k] {
				if counts(i, m.Second) {
					in = append(in, m)
				} else {
					out = append(out, m)
				}
			}
			kept, dropped = s.split(in, out, kept, dropped)
		}
	}
	d.apart = clocksApart(views, kept)
	if (!ok || !exact) && len(dropped) > 0 {
		for _, s := range dropped {
			if s.outside() {
				continue
			}
			d.uncut.flows = 1
			d.uncut.sum.Add(&s.sent)
			d.uncut.sum.Add(&s.received)
		}
	}
	return kept, dropped
}

// clocksApart is what may count twice if the clocks of two captures are apart: both saw about as
// much, and one of them all of it later than the other.
func clocksApart(views []view, kept []*enriched) (t turned) {
	var all uint64
	for _, s := range kept {
		all += s.sent.IPBytes + s.received.IPBytes
	}
	for i := range views {
		for k := range views[:i] {
			a, b := &views[i], &views[k]
			late := a.first - b.first
			if a.log() || b.log() || abs(late) < skew || abs(late-(a.last-b.last)) > skew/2 {
				continue
			}
			if more, less := max(a.weight.packets, b.weight.packets), min(a.weight.packets, b.weight.packets); more-less > more/10 {
				continue
			}
			if most := max(a.weight.ipBytes, b.weight.ipBytes); all > most {
				t = turned{1, max(t.ipBytes, all-most)}
			}
		}
	}
	return t
}

// pieceAt is the number of the piece that a time is in.
func pieceAt(pieces []piece, t int64) int {
	n, _ := slices.BinarySearchFunc(pieces, t, func(p piece, at int64) int { return cmp.Compare(p.to-1, at) })
	return min(n, len(pieces)-1)
}

// split appends a row to those that count and to those that do not, by its
// moments.
func (s *enriched) split(in, out []aggregate.Moment, kept, dropped []*enriched) (_, _ []*enriched) {
	switch {
	case len(out) == 0:
		return append(kept, s), dropped
	case len(in) == 0:
		return kept, append(dropped, s)
	}
	k, d := s.part(in), s.part(out)
	if s.point.Class >= aggregate.Capture { // it was read again in other records
		all := s.row.Records
		k.row.Records = uint32((uint64(all)*uint64(len(in)) + uint64(len(in)+len(out)) - 1) / uint64(len(in)+len(out)))
		d.row.Records = all - k.row.Records
	}
	return append(kept, k), append(dropped, d)
}

// part is the part of a row that moments make up.
func (s *enriched) part(list []aggregate.Moment) *enriched {
	o := *s
	row, f := s.row.Take(list)
	if s.row.Marks&aggregate.Opened != 0 {
		row.Marks |= aggregate.Opened
	}
	o.row, o.frames = &row, f
	o.tally()
	return &o
}

// moments are those of the rows of views, by number of the view and of the row.
// It reports false if there is a row that would have to be cut and of which there
// are none: then all of it is in the second in which it ended.
func (d *deduplicator) moments(views []view) (list [][][]aggregate.Moment, ok bool) {
	ok = true
	for i := range views {
		var of [][]aggregate.Moment
		for _, s := range views[i].rows {
			m := s.moments(d.detail)
			if len(m) == 0 {
				ok = ok && !s.spans()
				m = []aggregate.Moment{aggregate.MomentOf(s.row, s.frames)}
			}
			of = append(of, m)
		}
		list = append(list, of)
	}
	return list, ok
}

// moments are those of a row, if there are some.
func (s *enriched) moments(d *aggregate.Detail) []aggregate.Moment {
	all := s
	if s.whole != nil {
		all = s.whole
	}
	m := d.Of(&all.key, all.row, all.point.Class >= aggregate.Capture)
	if len(m) > 0 && all.key.Src != all.row.Src {
		m = flipped(m)
	}
	if s.whole != nil {
		m = halved(m, s.way)
	}
	return m
}

func flipped(list []aggregate.Moment) []aggregate.Moment {
	list = slices.Clone(list)
	for i := range list {
		m := &list[i]
		m.Sent, m.Received, m.Marks = m.Received, m.Sent, m.Marks.Flipped()
		m.Frames.Sent, m.Frames.Received = m.Frames.Received, m.Frames.Sent
	}
	return list
}

// spans reports whether a row is of a time that could be cut: of packets in
// several seconds, or of several tuples of a flow log in several minutes.
func (s *enriched) spans() bool {
	r := s.row
	if s.point.Class >= aggregate.Capture {
		return r.First != aggregate.NoFirst && floor(r.First, second) != floor(r.Last, second)
	}
	return r.Records > 1 && floor(r.First, aggregate.Minute) != floor(r.Last, aggregate.Minute)
}

// floor is the last multiple of unit that is not after t.
func floor(t, unit int64) int64 { return t - (t%unit+unit)%unit }

// unit is how exactly it is known when a view saw a flow: packets have times,
// and a flow log says what was in a minute.
func (v *view) unit() int64 {
	if v.log() {
		return aggregate.Minute
	}
	return second
}

// slack is how far two times may be apart that are one: clocks differ.
func slack(a, b *view) int64 {
	if a.log() || b.log() {
		return aggregate.Minute
	}
	return 2 * second
}

// piecesOf cuts the time of views at their beginnings and ends. Those that are
// about at the same time are one, and there is no cut within what one count is of.
// It reports false if packets are summed up over such a time, as in flows that were
// kept, or counted, as by more flow logs than take turns.
func piecesOf(views []view, moments [][][]aggregate.Moment) (pieces []piece, exact bool) {
	exact = true
	var cuts []int64
	for _, i := range distinct(views, func(v *view) int64 { return v.first }) {
		cuts = views[i].cutsAt(cuts, floor(views[i].first, views[i].unit()), 1)
	}
	for _, i := range distinct(views, func(v *view) int64 { return -v.last }) {
		unit := views[i].unit()
		cuts = views[i].cutsAt(cuts, floor(views[i].last, unit)+unit, -1)
	}
	for i := range views {
		views[i].follow(views, moments, i)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	first, last := cuts[0], cuts[len(cuts)-1]
	for i := range views {
		views[i].each(moments[i], func(from, to int64) {
			n := len(cuts)
			cuts = slices.DeleteFunc(cuts, func(c int64) bool { return c > from && c < to && c > first && c < last })
			exact = exact && len(cuts) == n
		})
	}
	for i := range cuts[1:] {
		pieces = append(pieces, piece{from: cuts[i], to: cuts[i+1]})
	}
	return pieces, exact
}

// cutsAt adds the cut where a view begins or ends. In the second in which a capture
// does, another one may have seen more, so that second is a piece of its own.
func (v *view) cutsAt(cuts []int64, at, way int64) []int64 {
	cuts = append(cuts, at)
	if !v.log() {
		cuts = append(cuts, at+way*second)
	}
	return cuts
}

// follow lets a view of a flow log that did not see the beginning begin with what
// another log counted just before, in the minute before: its first count is of the same.
func (v *view) follow(views []view, moments [][][]aggregate.Moment, at int) {
	if !v.log() || v.begun {
		return
	}
	first := v.first
	for i := range views {
		if i == at || !views[i].log() {
			continue
		}
		for _, of := range moments[i] {
			for _, m := range of {
				if t := m.Second * second; t <= first && first-t < skew {
					v.first = min(v.first, t)
				}
			}
		}
	}
}

// each calls f for the time that each count of a view is of: of a capture,
// that of its packets; of a flow log, the minutes since the one before.
func (v *view) each(moments [][]aggregate.Moment, f func(from, to int64)) {
	var all []aggregate.Moment
	for _, of := range moments {
		all = append(all, of...)
	}
	slices.SortFunc(all, func(a, b aggregate.Moment) int { return cmp.Compare(a.Second, b.Second) })
	unit := v.unit()
	for i, m := range all {
		at := floor(m.Second*second, unit)
		from := at
		switch {
		case m.First != aggregate.NoFirst && m.Last-m.First >= 2*unit:
			from = floor(m.First, unit)
		case v.log() && i > 0 && m.Marks&aggregate.MeasuredPackets != 0:
			from = min(at, max(floor(all[i-1].Second*second, unit)+unit, at-lead*unit))
		case v.log() && i == 0 && !v.begun:
			from = min(at, max(floor(v.first, unit), at-unit))
		}
		f(from, at+unit)
	}
}

// lead is for how many minutes a tuple of a flow log can count: a flow that goes
// on is logged every 5 minutes.
const lead = 5

// distinct returns the views with the least of times that are about the same.
func distinct(views []view, of func(*view) int64) []int {
	order := make([]int, len(views))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(of(&views[i]), of(&views[j])) })
	var list []int
	for _, i := range order {
		if n := len(list); n == 0 || of(&views[i])-of(&views[list[n-1]]) >= slack(&views[i], &views[list[n-1]]) {
			list = append(list, i)
		}
	}
	return list
}

// choose finds the views that count in a piece: of those that overlap the one
// that saw most. Of those that saw as much it is the first by name.
func (p *piece) choose(views []view, moments [][][]aggregate.Moment) {
	p.counts = make([]bool, len(views))
	var there []view
	var numbers []int
	for i, v := range views {
		v.weight = weight{}
		for _, of := range moments[i] {
			for k := range of {
				if m, at := &of[k], of[k].Second*second; at >= p.from && at < p.to {
					v.weight = v.weight.plus(weight{m.Sent.Packets + m.Received.Packets, m.Sent.IPBytes + m.Received.IPBytes, uint64(m.Records)})
				}
			}
		}
		if v.weight != (weight{}) {
			there, numbers = append(there, v), append(numbers, i)
		}
	}
	for _, k := range chosen(there) {
		p.counts[numbers[k]] = true
	}
}

// chosen are the numbers of the views that saw most together and of which no two
// overlap (weighted interval scheduling).
func chosen(views []view) []int {
	if len(views) == 0 {
		return nil
	}
	first, last := views[0].last, views[0].first
	for _, v := range views {
		first, last = min(first, v.last), max(last, v.first)
	}
	if last < first { // all overlap
		return []int{heaviest(views)}
	}
	order := make([]int, len(views))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &views[i], &views[j]
		switch c := cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.first, b.first)); {
		case c != 0:
			return c
		case a.before(b):
			return -1
		}
		return 1
	})
	best := make([]weight, len(views)+1) // of the first i views
	before := make([]int, len(views))    // how many end before i begins
	for i, n := range order {
		before[i] = sort.Search(i, func(j int) bool { return views[order[j]].last > views[n].first })
		best[i+1] = best[i]
		if w := best[before[i]].plus(views[n].weight); w.compare(best[i]) > 0 {
			best[i+1] = w
		}
	}
	var list []int
	for i := len(views); i > 0; {
		if best[i] == best[i-1] {
			i--
			continue
		}
		list = append(list, order[i-1])
		i = before[i-1]
	}
	return list
}
