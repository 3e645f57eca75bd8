package summary

import (
	"cmp"
	"flowctl/collectors/aggregate"
	"slices"
	"sort"

	"flowctl/collectors/flow"
)

// view is what one point saw of a conversation: the rows of one class of
// source there and, where the machine only forwards, of one direction.
type view struct {
	point       *point
	direction   flow.Direction // of forwarding machines
	first, last int64
	weight      weight
	rows        []*enriched
}

// weight orders views by how much they saw.
type weight struct{ packets, ipBytes, flows, records uint64 }

func (w weight) plus(o weight) weight {
	return weight{w.packets + o.packets, w.ipBytes + o.ipBytes, w.flows + o.flows, w.records + o.records}
}

func (w weight) compare(o weight) int {
	return cmp.Or(cmp.Compare(w.packets, o.packets), cmp.Compare(w.ipBytes, o.ipBytes),
		cmp.Compare(w.flows, o.flows), cmp.Compare(w.records, o.records))
}

// lead is how long before its time stamp the traffic may have been that a
// tuple of a flow log counts: a flow that goes on is logged every 5 minutes.
const lead = 5 * aggregate.Minute

// once returns those rows of one conversation that count, and the others.
// What different points saw at overlapping times are views of the same
// traffic: of all choices without an overlap, the one that saw the most is
// taken. What one point saw always counts as a whole.
func deduplicate(rows []*enriched, p *locator) (kept, dropped []*enriched) {
	if len(rows) < 2 || samePoint(rows) || local(rows[0]) {
		return rows, nil
	}
	for _, views := range apart(viewsOf(rows), p) {
		take := heaviest(views)
		for i := range views {
			if take[i] {
				kept = append(kept, views[i].rows...)
			} else {
				dropped = append(dropped, views[i].rows...)
			}
		}
	}
	return kept, dropped
}

func samePoint(rows []*enriched) bool {
	a := rows[0]
	for _, b := range rows[1:] {
		if a.point.Point != b.point.Point || a.point.Class != b.point.Class || a.direction != b.direction && b.transit() {
			return false
		}
	}
	return true
}

// local reports whether the addresses mean something else at every point, so
// that two points never see the same conversation.
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

// viewsOf sorts rows into views, in an order that depends on names only.
func viewsOf(rows []*enriched) []view {
	var views []view
	for _, s := range rows {
		d := flow.DirectionUnknown
		if s.transit() {
			d = s.direction
		}
		i := slices.IndexFunc(views, func(v view) bool {
			return v.point.Point == s.point.Point && v.point.Class == s.point.Class && v.direction == d
		})
		if i < 0 {
			i = len(views)
			views = append(views, view{point: s.point, direction: d, first: aggregate.NoFirst, last: aggregate.NoLast})
		}
		views[i].add(s)
	}
	for i, v := range views {
		if v.first == v.last { // one instant; the same instant elsewhere overlaps
			views[i].last++
		}
	}
	slices.SortFunc(views, func(a, b view) int {
		return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.first, b.first),
			cmp.Compare(a.point.pointText, b.point.pointText), cmp.Compare(a.point.Class, b.point.Class), cmp.Compare(a.direction, b.direction))
	})
	return views
}

func (v *view) add(s *enriched) {
	r := s.row
	first := r.First
	if s.point.Class < aggregate.Capture && first != aggregate.NoFirst {
		first -= lead
	}
	if r.First == aggregate.NoFirst || r.Last == aggregate.NoLast { // no time: it may have been at any
		first, v.last = aggregate.NoLast, aggregate.NoFirst
	}
	v.first = min(v.first, first)
	v.last = max(v.last, r.Last)
	v.weight = v.weight.plus(weight{
		r.Sent.Packets + r.Received.Packets, r.Sent.IPBytes + r.Received.IPBytes, uint64(r.Flows), uint64(r.Records),
	})
	v.rows = append(v.rows, s)
}

// apart parts views that cannot be of the same conversation although their
// addresses are equal: VNets that are not connected may use the same ones,
// which shows when two interfaces in different VNets own one address.
func apart(views []view, p *locator) [][]view {
	if !p.known() || !contested(views) {
		return [][]view{views}
	}
	var parts [][]view
	for _, v := range views {
		i := slices.IndexFunc(parts, func(q []view) bool { return p.connected(q[0].point.vnet, v.point.vnet) })
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
	return a == b || slices.Contains(p.vnets[a].peered, b)
}

// heaviest marks the views that are taken: the heaviest choice of which no
// two overlap (weighted interval scheduling). Views are in order of their end.
func heaviest(views []view) []bool {
	best := make([]weight, len(views)+1) // of the first i views
	before := make([]int, len(views))    // how many end before i begins
	for i, v := range views {
		before[i] = sort.Search(i, func(j int) bool { return views[j].last > v.first })
		best[i+1] = best[i]
		if w := best[before[i]].plus(v.weight); w.compare(best[i]) > 0 {
			best[i+1] = w
		}
	}
	take := make([]bool, len(views))
	for i := len(views); i > 0; {
		if best[i] == best[i-1] {
			i--
			continue
		}
		take[i-1] = true
		i = before[i-1]
	}
	return take
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
