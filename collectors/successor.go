package collectors

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flowctl/collectors/etl"
	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/identity"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/summary"
)

// Captures that follow one another see a connection at about the same time where the
// one ends and the other begins. That may be the same traffic at two places, or one
// place whose captures have names with nothing in common. Their packets tell: if
// none is in both, both count.

// successors are captures by the points that they go on with: of each point, the
// one that it follows, and of that the first of all.
type successors map[string]string

// Captures that may follow one another overlap by a little, or leave a small gap.
const (
	successorGap     = int64(time.Second)
	successorOverlap = int64(2 * time.Second)
	mostBorders      = 256     // that are looked at
	mostBorderFrames = 1 << 17 // of a border, since identity remembers no more of both
)

// timed notes a capture whose packets have times.
func (r *reading) timed(j *job) {
	if !j.source.Span.Known || j.Stream != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.captures = append(r.captures, j)
}

// succession finds the captures that go on with another one.
func (r *reading) succession(ctx context.Context) {
	var all []*border
	for _, b := range r.borders() {
		if ctx.Err() != nil || !r.compareAt(ctx, b) || b.common() == 0 {
			continue
		}
		if b.apart() {
			all = append(all, b)
			continue
		}
		r.meetings.add(b)
	}
	slices.SortStableFunc(all, func(a, b *border) int {
		return cmp.Or(cmp.Compare(a.distance(), b.distance()), cmp.Compare(b.common(), a.common()))
	})
	for _, b := range all {
		r.follow(b)
	}
}

// place is where a capture was taken that may be in several files, with the first and the
// last of them.
type place struct {
	points      []string
	target      string
	first, last *job
}

func (p *place) span() flow.Span {
	return flow.Span{First: p.first.source.Span.First, Last: p.last.source.Span.Last, Known: true}
}

// places are those of the captures that were read.
func (r *reading) places() (all []*place) {
	slices.SortFunc(r.captures, func(a, b *job) int { return strings.Compare(a.Path, b.Path) })
	byPoint := map[string]*place{}
	for _, j := range r.captures {
		if len(j.source.Points) == 0 {
			continue
		}
		capture, _, _ := strings.Cut(j.source.Points[0], ": ")
		p := byPoint[capture]
		if p == nil {
			p = &place{target: j.Target, first: j, last: j}
			byPoint[capture] = p
			all = append(all, p)
		}
		if j.source.Span.First < p.first.source.Span.First {
			p.first = j
		}
		if j.source.Span.Last > p.last.source.Span.Last {
			p.last = j
		}
		for _, point := range j.source.Points {
			if !slices.Contains(p.points, point) {
				p.points = append(p.points, point)
			}
		}
	}
	return all
}

// border is where one capture ends and another one begins.
type border struct {
	before, after *place
	ends, begins  int64 // the one, and the other

	packets, ever identity.Packets       // those there, and all of the first one by what they are alone
	flows         map[flow.Key][2]uint64 // packets of each there
	frames        int
	seen          [2]uint64 // packets there of each
	shared        uint64    // packets that are in both
	late          [2]uint64 // packets of the second one before the first one ends, and of them shared ones
	known         uint64    // packets of the second one there that the first one ever had
	many          bool      // packets, so that it is not known which are in both
}

func newBorder(before, after *place, ends, begins int64) *border {
	return &border{before: before, after: after, ends: ends, begins: begins, flows: map[flow.Key][2]uint64{}}
}

// sameTraffic reports whether what the second one has of the time of the first one is
// mostly what that has.
func (b *border) sameTraffic() bool { return b.late[0] > 0 && 2*b.late[1] >= b.late[0] }

// apart reports whether no packet is in both; clocks may differ, so it is looked through
// all of the first one as well.
func (b *border) apart() bool { return b.shared == 0 && 2*b.known < b.seen[1] && !b.many }

// common is how many packets the captures have of flows that both saw, at least.
func (b *border) common() (n uint64) {
	for _, f := range b.flows {
		n += min(f[0], f[1])
	}
	return n
}

// distance is how far the two are from one ending as the other begins.
func (b *border) distance() int64 { return abs(b.begins - b.ends) }

func abs(n int64) int64 { return max(n, -n) }

// borders are those of captures that may follow one another, in the order of their
// times.
func (r *reading) borders() (list []*border) {
	byEnd := r.places()
	byBegin := slices.Clone(byEnd)
	slices.SortStableFunc(byEnd, func(a, b *place) int { return cmp.Compare(a.span().Last, b.span().Last) })
	slices.SortStableFunc(byBegin, func(a, b *place) int { return cmp.Compare(a.span().First, b.span().First) })
	for _, after := range byBegin {
		b := after.span()
		from, _ := slices.BinarySearchFunc(byEnd, b.First-successorGap, func(p *place, t int64) int { return cmp.Compare(p.span().Last, t) })
		for _, before := range byEnd[from:] {
			a := before.span()
			over := a.Last - b.First
			if over > successorOverlap || len(list) >= mostBorders {
				break
			}
			if a.First < b.First && a.Last < b.Last && over <= min(a.Last-a.First, b.Last-b.First)/2 && mayFollow(before, after) {
				list = append(list, newBorder(before, after, a.Last, b.First))
			}
		}
	}
	return list
}

// mayFollow reports whether two captures may be of one place: nothing says that they are
// not.
func mayFollow(a, b *place) bool {
	return a.target == "" || b.target == "" || a.target == b.target
}

// compareAt looks at what captures saw where they meet, and reports whether it could.
func (r *reading) compareAt(ctx context.Context, b *border) bool {
	for i, j := range []*job{b.before.last, b.after.first} {
		if err := r.packetsAt(ctx, j, b, i); err != nil {
			return false
		}
	}
	return true
}

// packetsAt looks at the packets of one capture around a border.
func (r *reading) packetsAt(ctx context.Context, j *job, b *border, number int) error {
	f, err := (&member{job: j}).open(ctx, r.path(j), -1)
	if err != nil {
		return err
	}
	defer f.Close()
	in := flow.Input{
		Source: &flow.Source{Path: j.Path}, Skipped: &flow.Skipped{}, Names: flow.NewNames(),
	}
	return Packets(f, in, etl.Reports{}, func(f *packet.Frame) bool {
		b.take(f, number)
		return !b.many && ctx.Err() == nil
	})
}

// take looks at a packet of the first or the second of the two captures.
func (b *border) take(f *packet.Frame, number int) {
	there := f.Time >= b.begins-successorGap && f.Time <= b.ends+successorGap
	if number == 1 && !there {
		return
	}
	var p packet.Packet
	packet.Parse(f.Interface.Link, f.Data, f.Wire, &p)
	if b.frames++; b.frames <= mostBorderFrames || number == 1 {
		if p.Time = 1; b.ever.Again(&p, f.Data, uint16(number+1)) {
			b.known++
		}
	}
	if !there {
		return
	}
	if b.seen[number]++; b.seen[number] > mostBorderFrames {
		b.many = true
		return
	}
	p.Time = f.Time
	again := b.packets.Again(&p, f.Data, uint16(number+1))
	if number == 1 && f.Time <= b.ends {
		if b.late[0]++; again {
			b.late[1]++
		}
	}
	if p.EtherType != 0 {
		return // has no 5-tuple
	}
	k := bothWays(p.Key)
	n := b.flows[k]
	n[number]++
	b.flows[k] = n
	if again {
		b.shared++
	}
}

// bothWays is the same key for both directions of a flow.
func bothWays(k flow.Key) flow.Key {
	if c := cmp.Or(k.Src.Compare(k.Dst), cmp.Compare(k.SrcPort, k.DstPort)); c > 0 {
		k.Src, k.Dst, k.SrcPort, k.DstPort = k.Dst, k.Src, k.DstPort, k.SrcPort
	}
	return k
}

// follow lets the points of one capture go on with those of another, unless that is
// so of other captures already: a place has one capture after the other.
func (r *reading) follow(b *border) {
	before, after := b.before.points, b.after.points
	one := len(before) == 1 && len(after) == 1
	for _, a := range after {
		for _, p := range before {
			if !one && interfaceOf(p) != interfaceOf(a) {
				continue
			}
			if _, taken := r.successors[a]; !taken && !r.successors.followed(p) {
				r.successors.add(a, p)
			}
		}
	}
}

// interfaceOf is what follows the capture in the name of a point.
func interfaceOf(point string) string {
	_, name, _ := strings.Cut(point, ": ")
	return name
}

func (s *successors) add(point, of string) {
	if *s == nil {
		*s = successors{}
	}
	(*s)[point] = of
}

func (s successors) followed(point string) bool {
	for _, of := range s {
		if of == point {
			return true
		}
	}
	return false
}

// first is the first of the captures that a point goes on with.
func (s successors) first() map[string]string {
	all := map[string]string{}
	for point, of := range s {
		for n := 0; s[of] != "" && n < len(s); n++ {
			of = s[of]
		}
		all[point] = of
	}
	return all
}

// keep is JSON of them; empty if there is none.
func (s successors) keep() []byte {
	if len(s) == 0 {
		return nil
	}
	b, _ := json.Marshal(s) // of text there is no error
	return b
}

// restoreSuccessors takes over what kept flows say of captures that follow one another.
func (r *reading) restoreSuccessors(text []byte) error {
	var all successors
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for point, of := range all {
		r.successors.add(point, of)
	}
	return nil
}

// meetings are borders of captures that have packets in common: of a flow that both saw
// there, the most that one of them saw counts.
type meetings struct {
	count   int
	example *border
	missing uint64 // packets that may be
}

func (m *meetings) add(b *border) {
	if m.count++; m.example == nil {
		m.example = b
	}
	m.missing += b.common() - min(b.common(), b.shared)
}

func (m *meetings) coverage() []summary.Coverage {
	if m.missing == 0 {
		return nil
	}
	return []summary.Coverage{{Code: "captures-that-meet", Text: fmt.Sprintf(
		"%s ends where %s begins, and packets are in both: of flows that both saw there the most that one saw counts. At %s of captures, up to %d packets may be missing.",
		m.example.before.last.Path, m.example.after.first.Path, plural(m.count, "such border"), m.missing)}}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (s successors) coverage() []summary.Coverage {
	if len(s) == 0 {
		return nil
	}
	point := slices.Min(slices.Collect(maps.Keys(s)))
	text := fmt.Sprintf("%s goes on where %s ends, with the same flows and other packets", point, s[point])
	if n := len(s) - 1; n > 0 {
		text = fmt.Sprintf("%d captures go on where others end, with the same flows and other packets, such as %s after %s", n+1, point, s[point])
	}
	return []summary.Coverage{{Code: "captures-in-succession", Text: text + ": the packets of both count."}}
}
