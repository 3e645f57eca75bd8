package summary

import (
	"cmp"
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// deduplicator finds, of what several observation points saw of one flow, what
// counts.
//
// What was chosen: a flow is its 5-tuple with the source port, and a point an
// interface with its log (and, where the machine there only forwards, the
// direction), or a capture. Points that saw one flow at overlapping times saw the
// same traffic. Where they began and stopped to see it together, the one that saw
// most counts. Where they did not, time is cut, to the minute or of captures to the second, at the beginnings
// and ends: in each piece the one that saw most counts, and what a point alone saw
// always does.
//
// Sums that have no source port, as those of Traffic Analytics, are told apart by
// their interval, see sums.
//
// Flow logs whose counts end at other times take turns, see turns.
//
// What flow logs say of other times than those that are asked for takes part too, and
// counts nowhere: so what counts of a window is what counts of it in all that was
// read, and windows add up.
//
// What was left: flows without the source port
// (nodes behind a load balancer see the same addresses at the same time, and other
// flows); minutes of all flows in memory (a third more time for what is needed of few
// flows: those are read again).
type deduplicator struct {
	locator *locator
	detail  *aggregate.Detail // of flows that have to be cut in time; nil if there is none

	uncut uncut  // of the last flow
	turns turned // likewise
	apart turned // likewise, since the clocks of captures may be apart
}

// turned is of what flows, and how many bytes, it is not known whether they count twice or
// are left out, since one flow log goes on where another one stopped.
type turned struct{ flows, ipBytes uint64 }

// addMoment adds what is left out of a flow log that counted a flow once, and not its
// beginning, if another one did so at another time: they may be of other packets.
func (t *turned) addMoment(v, kept *view) {
	once := func(v *view) bool { return v.log() && !v.begun && v.weight.records == 1 }
	if once(v) && once(kept) && abs(v.last-kept.last) > skew {
		t.flows, t.ipBytes = 1, t.ipBytes+v.weight.ipBytes
	}
}

func (t *turned) add(o turned) {
	t.flows += o.flows
	t.ipBytes += o.ipBytes
}

// uncut is what points saw at different times of flows that could not be
// cut in time: the one that saw most counts, and this does not.
type uncut struct {
	flows uint64
	sum   aggregate.Tally
}

func (u *uncut) add(o *uncut) {
	u.flows += o.flows
	u.sum.Add(&o.sum)
}

// view is what one observation point saw of a flow.
type view struct {
	point       *point
	direction   flow.Direction // of machines that forward
	first, last int64
	weight      weight
	begun       bool
	ended       bool // a flow log recorded an end
	rows        []*enriched
}

// weight orders views by how much they saw.
type weight struct{ packets, ipBytes, records uint64 }

func (w weight) plus(o weight) weight {
	return weight{w.packets + o.packets, w.ipBytes + o.ipBytes, w.records + o.records}
}

func (w weight) compare(o weight) int {
	return cmp.Or(cmp.Compare(w.packets, o.packets), cmp.Compare(w.ipBytes, o.ipBytes), cmp.Compare(w.records, o.records))
}

// flow returns those rows of one flow that count, and the others; parts of rows
// are rows of their own. What was refused counts apart from what was not. The
// flow is counted with the first row.
func (d *deduplicator) flow(rows []*enriched) (kept, dropped []*enriched) {
	d.uncut, d.turns, d.apart = uncut{}, turned{}, turned{}
	if rows = rows[:len(rows):len(rows)]; len(rows) > 0 && rows[0].point.Class.Sum() {
		return sums(rows)
	}
	n := partitionFunc(rows, (*enriched).passed)
	kept, dropped = d.part(rows[:n], nil, nil)
	kept = slices.DeleteFunc(kept, (*enriched).outside)
	passed := len(kept)
	kept, dropped = d.part(rows[n:], kept, dropped)
	kept, dropped = slices.DeleteFunc(kept, (*enriched).outside), slices.DeleteFunc(dropped, (*enriched).outside)
	for _, s := range kept {
		s.flows, s.denied = 0, 0
	}
	if len(kept) > 0 {
		kept[0].flows = 1
	}
	if len(kept) > passed {
		kept[passed].denied = 1
	}
	return kept, dropped
}

func (d *deduplicator) part(rows, kept, dropped []*enriched) (_, _ []*enriched) {
	if len(rows) == 0 {
		return kept, dropped
	}
	if len(rows) == 1 {
		return append(kept, rows[0]), dropped
	}
	d.overlaps(rows, func(views []view) {
		k, x := d.choose(views)
		kept, dropped = append(kept, k...), append(dropped, x...)
	})
	return kept, dropped
}

// choose returns what counts of views that overlap.
func (d *deduplicator) choose(views []view) (kept, dropped []*enriched) {
	switch {
	case len(views) == 1:
		return views[0].rows, nil
	case together(views):
		best := heaviest(views)
		for i := range views {
			if i == best {
				kept = append(kept, views[i].rows...)
			} else {
				dropped = append(dropped, views[i].rows...)
				d.turns.addMoment(&views[i], &views[best])
			}
		}
		return kept, dropped
	}
	return d.cut(views)
}

// heaviest is the view that saw most; of those that saw as much, the first by
// name.
func heaviest(views []view) int {
	best := 0
	for i := range views[1:] {
		c := views[i+1].weight.compare(views[best].weight)
		if c > 0 || c == 0 && views[i+1].before(&views[best]) {
			best = i + 1
		}
	}
	return best
}

// before orders views by the names of their points.
func (v *view) before(o *view) bool {
	return cmp.Or(cmp.Compare(v.point.pointText, o.point.pointText), cmp.Compare(v.point.Class, o.point.Class),
		cmp.Compare(v.point.logText, o.point.logText), cmp.Compare(v.direction, o.direction)) < 0
}

// local reports whether the addresses mean something else at every interface,
// so that two of them never see the same flow.
func local(s *enriched) bool {
	return s.point.Class == aggregate.NoIP || onLink(s.row.Src) || onLink(s.row.Dst)
}

// onLink reports whether a is loopback, link-local or unspecified.
func onLink(a flow.Addr) bool {
	if a == metadata {
		return false
	}
	if a.Is4() {
		v := uint32(a.Lo)
		return v == 0 || v>>24 == 127 || v>>16 == 169<<8|254
	}
	return a == flow.Unspecified || a.Hi == 0 && a.Lo <= 1 || a.Hi>>54 == 0xfe80>>6
}

// samePoint reports whether two rows are of one observation point, of machines
// that do not forward.
func (s *enriched) samePoint(o *enriched) bool {
	a, b := s.point, o.point
	return a.place == b.place && a.Class == b.Class && a.Log == b.Log && a.Target == b.Target
}

// forwards reports whether the machine at the point of s only forwards: it owns
// neither address, or its interface saw the flow come in and go out.
func (s *enriched) forwards(rows []*enriched) bool {
	if s.transit() {
		return true
	}
	var in, out bool
	for _, o := range rows {
		if s.samePoint(o) && s.row.Src == o.row.Src && s.row.SrcPort == o.row.SrcPort {
			in = in || o.point.Context.Direction == flow.Inbound
			out = out || o.point.Context.Direction == flow.Outbound
		}
	}
	return in && out
}

// viewsOf sorts the rows of a flow into views, which are in the order in which
// they began.
func viewsOf(rows []*enriched) []view {
	var views []view
	for _, s := range rows {
		d := flow.DirectionUnknown
		if s.forwards(rows) {
			d = s.point.Context.Direction
		}
		i := slices.IndexFunc(views, func(v view) bool { return v.rows[0].samePoint(s) && v.direction == d })
		if i < 0 {
			i = len(views)
			views = append(views, view{point: s.point, direction: d, first: aggregate.NoFirst, last: aggregate.NoLast})
		}
		views[i].add(s)
	}
	if len(views) > 1 {
		widen(views)
	}
	slices.SortFunc(views, func(a, b view) int {
		switch c := cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last)); {
		case c != 0:
			return c
		case a.before(&b):
			return -1
		}
		return 1
	})
	return views
}

func (v *view) add(s *enriched) {
	r := s.row
	first, last := r.First, r.Last
	if first == aggregate.NoFirst || last == aggregate.NoLast { // no time: it may have been at any
		first, last = aggregate.NoLast, aggregate.NoFirst
	}
	v.first, v.last = min(v.first, first), max(v.last, last)
	v.begun = v.begun || r.Begins > 0
	v.ended = v.ended || r.Marks&aggregate.Ended != 0
	v.weight = v.weight.plus(weight{r.Sent.Packets + r.Received.Packets, r.Sent.IPBytes + r.Received.IPBytes, uint64(r.Records)})
	v.rows = append(v.rows, s)
}

// widen gives views the time that they may have been: clocks differ, and what a
// flow log counts was before its time stamp. So what two logs say once each, less
// than a minute apart, is of one time.
func widen(views []view) {
	for i := range views {
		views[i].reach(views)
	}
	var moments []int64 // of flow logs that saw but one
	for i := range views {
		v := &views[i]
		switch {
		case v.first == aggregate.NoLast:
		case v.log() && v.moment():
			moments = append(moments, v.first)
			v.last++ // what counts until a moment includes it
		case v.log() && v.last-v.first >= second:
			v.last++
		case v.last-v.first < second:
			v.first -= second / 2
			v.last += second / 2
		}
	}
	if slices.ContainsFunc(views, func(v view) bool { return !v.log() }) {
		for i := range views {
			if v := &views[i]; v.log() && !v.begun && v.first != aggregate.NoLast { // its first count is of the minute
				v.first = floor(v.first, aggregate.Minute)
			}
		}
	}
	for i := range views {
		if v := &views[i]; v.log() && v.last-v.first == 1 && !v.begun {
			for _, t := range moments {
				if t < v.first && v.last-1-t < aggregate.Minute {
					v.first = t
				}
			}
		}
	}
}

// skew is how far the clocks of machines are apart, about.
const skew = 2 * second

// reach lets a view of a flow log that did not see the beginning begin with the end
// of another that it follows at once. Its first count is of what was before: of what
// the other one counted last. If that recorded the end of the flow, up to a minute
// later is at once, as each interface has its own rhythm.
func (v *view) reach(views []view) {
	if !v.log() || v.begun || v.first == aggregate.NoLast {
		return
	}
	first := v.first
	for i := range views {
		o, near := &views[i], skew
		if o.ended && v.moment() {
			near = aggregate.Minute
		}
		if o.log() && o.last < first && first-o.last < near {
			v.first = min(v.first, o.last)
		}
	}
}

// moment reports whether a flow log saw a flow at one moment, and not its
// beginning.
func (v *view) moment() bool { return v.first == v.last && !v.begun }

// log reports whether a view is that of a flow log.
func (v *view) log() bool { return v.point.Class < aggregate.Capture }

const second = int64(1e9)

// since is when a view may have begun to see what it counted first. A flow log that did
// not see the beginning counts what was in the minutes before.
func (v *view) since() int64 {
	if v.log() && !v.begun && v.first != aggregate.NoLast {
		return v.first - lead*aggregate.Minute
	}
	return v.first
}

// overlapping returns how many of the first views overlap, one with the next.
func overlapping(views []view) int {
	n, last := 1, views[0].last
	for n < len(views) && (views[n].since() < last || views[n].first == aggregate.NoLast) {
		last = max(last, views[n].last)
		n++
	}
	return n
}

// together reports whether views began and ended at about the same times: within
// a minute, or of captures within two seconds unless they saw the same, which
// clocks that differ show later. Those without a time may have.
func together(views []view) bool {
	if views[0].first == aggregate.NoLast {
		return true
	}
	for i := range views[1:] {
		v, o := &views[i+1], &views[0]
		near := slack(v, o)
		if v.weight == o.weight {
			near = aggregate.Minute
		}
		if abs(v.first-o.first) >= near || abs(v.last-o.last) >= near {
			return false
		}
	}
	return true
}

func abs(n int64) int64 { return max(n, -n) }

// apart parts views that cannot be of the same traffic although their addresses
// are equal: of addresses that mean something only on a link, and because VNets
// that are not connected may use the same ones, which shows when two interfaces
// in different VNets own one address.
func apart(views []view, p *locator) [][]view {
	same := func(a, b *view) bool { return a.point.place == b.point.place }
	if !local(views[0].rows[0]) {
		if !p.known() || !contested(views) {
			return [][]view{views}
		}
		same = func(a, b *view) bool { return p.connected(a.point.vnet, b.point.vnet) }
	}
	var parts [][]view
	for _, v := range views {
		i := slices.IndexFunc(parts, func(q []view) bool { return same(&q[0], &v) })
		if i < 0 {
			i = len(parts)
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], v)
	}
	return parts
}

// contested reports whether machines in different VNets own the same end.
func contested(views []view) bool {
	var owner [2]int32
	for _, v := range views {
		for end, a := range []flow.Addr{v.rows[0].low(), v.rows[0].high()} {
			if v.point.vnet == 0 || !v.point.owns(a) {
				continue
			}
			if owner[end] != 0 && owner[end] != v.point.vnet {
				return true
			}
			owner[end] = v.point.vnet
		}
	}
	return false
}

// connected reports whether a and b are one VNet or peered.
func (p *locator) connected(a, b int32) bool {
	_, peer := p.vnets[a].peers[b]
	return a == b || peer
}

// low and high are the addresses in order.
func (s *enriched) low() flow.Addr {
	if s.row.Src.Compare(s.row.Dst) <= 0 {
		return s.row.Src
	}
	return s.row.Dst
}

func (s *enriched) high() flow.Addr {
	if s.row.Src.Compare(s.row.Dst) <= 0 {
		return s.row.Dst
	}
	return s.row.Src
}
