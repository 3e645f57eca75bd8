package summary

import (
	"cmp"
	"slices"

	"flowctl/collectors/aggregate"
)

// ref is a row of a partition with its protocol and ports, which tell flows of
// one pair of addresses apart.
type ref struct {
	tuple uint64
	row   uint32
}

func (r ref) compare(o ref) int { return cmp.Compare(r.tuple, o.tuple) }

// tupleOf is the protocol and the ports of a row, that of the lower address
// first, so that both directions of a flow have one. Frames without IP are of no
// flow, and sums, whose source port is the number of an interval, of none that has
// a source port.
func tupleOf(r *aggregate.Row, c aggregate.Class) uint64 {
	low, high := r.SrcPort, r.Port
	if c := r.Src.Compare(r.Dst); c > 0 || c == 0 && low > high {
		low, high = high, low
	}
	t := uint64(r.Proto)<<32 | uint64(low)<<16 | uint64(high)
	switch c {
	case aggregate.NoIP:
		t |= noFlow
	case aggregate.Analytics:
		t |= 1 << 41
	case aggregate.Agent:
		t |= 1 << 42
	}
	return t
}

// noFlow marks the tuple of rows that are of no flow.
const noFlow = 1 << 40

// pieceRows is how many rows of a pair are looked at together. Those of a pair
// that has more are taken flow by flow, so many at a time.
const pieceRows = 4096

// firstFlow is how many of refs are of the first one's flow.
func firstFlow(refs []ref) int {
	n := 1
	for n < len(refs) && refs[n].tuple == refs[0].tuple {
		n++
	}
	return n
}

// someFlows cuts refs after so many rows, where a flow ends.
func someFlows(refs []ref) (first, others []ref) {
	n := 0
	for n < len(refs) && n < pieceRows {
		n += firstFlow(refs[n:])
	}
	return refs[:n], refs[n:]
}

// flows answers for a pair of addresses, whose rows are in the order of their
// flows.
func (b *builder) flows(p *aggregate.Partition, refs []ref) {
	first, others := someFlows(refs)
	if len(others) > 0 {
		if b.wants(p, refs) {
			b.later.add(p, refs)
			return
		}
		b.pair(func() { b.countAll(p, refs) })
		return
	}
	rows, several := b.sort(p, first)
	if b.later != nil && b.later.wants(rows, several) {
		b.later.add(p, b.solos, several)
		return
	}
	b.pair(func() { b.countFlows(p, rows, several) })
}

// wants reports whether flows of a pair have to be cut in time, and notes which.
func (b *builder) wants(p *aggregate.Partition, refs []ref) (some bool) {
	for b.later != nil && len(refs) > 0 {
		var first []ref
		first, refs = someFlows(refs)
		rows, several := b.sort(p, first)
		some = b.later.wants(rows, several) || some
	}
	return some
}

// countAll answers for the flows of a pair that has many rows.
func (b *builder) countAll(p *aggregate.Partition, refs []ref) {
	for len(refs) > 0 {
		var first []ref
		first, refs = someFlows(refs)
		rows, several := b.sort(p, first)
		b.countFlows(p, rows, several)
		b.gather()
	}
}

// sort parts flows: those that one row tells all of are put in b.solos, and the rows
// of the others are returned.
func (b *builder) sort(p *aggregate.Partition, refs []ref) (rows []*enriched, several []ref) {
	solos, several := b.solos[:0], b.several[:0]
	for len(refs) > 0 {
		n := firstFlow(refs)
		if !slices.ContainsFunc(refs[:n], func(r ref) bool { return !b.isOutside(p.Rows.At(int(r.row))) }) {
			refs = refs[n:]
			continue
		}
		if n > 1 && refs[0].tuple&noFlow == 0 {
			several = append(several, refs[:n]...)
		} else {
			for _, r := range refs[:n] {
				solos = append(solos, ref{shapeOf(p.Rows.At(int(r.row))), r.row})
			}
		}
		refs = refs[n:]
	}
	b.solos, b.several, b.used = solos, several, 0
	return b.fill(p, several), several
}

// countFlows answers for flows that were parted. Those that one row tells all of
// are added up first by what is alike of them, unless the client's port is asked for.
func (b *builder) countFlows(p *aggregate.Partition, rows []*enriched, several []ref) {
	b.countSolos(p, b.solos)
	for len(rows) > 0 {
		n := firstFlow(several)
		b.facts.flow(rows[:n])
		b.flow(rows[:n])
		rows, several = rows[n:], several[n:]
	}
}

// shapeOf is what a row has but for its client's port.
func shapeOf(r *aggregate.Row) uint64 {
	s := uint64(r.Context)<<25 | uint64(r.Port)<<9 | uint64(r.Proto)<<1
	if r.Src.Compare(r.Dst) > 0 {
		s |= 1
	}
	return s
}

// countSolos answers for flows that one row each tells all of.
func (b *builder) countSolos(p *aggregate.Partition, solos []ref) {
	if len(solos) > 1 {
		slices.SortFunc(solos, ref.compare)
	}
	b.added = slices.Grow(b.added[:0], len(solos))
	for len(solos) > 0 {
		i := int(solos[0].row)
		row, frames := p.Rows.At(i), p.Rows.Frames(i)
		at := b.points[row.Context]
		b.facts.row(row, at)
		n := 1
		if !b.apart && n < len(solos) && solos[n].tuple == solos[0].tuple {
			b.added = append(b.added, *row)
			row = &b.added[len(b.added)-1]
		}
		for !b.apart && n < len(solos) && solos[n].tuple == solos[0].tuple {
			i := int(solos[n].row)
			o, f := p.Rows.At(i), p.Rows.Frames(i)
			b.facts.row(o, at)
			row.Join(o)
			frames.Sent += f.Sent
			frames.Received += f.Received
			n++
		}
		s := b.room()
		s.fill(row, frames, at, b.naming.locator)
		b.solo(s)
		solos = solos[n:]
	}
}

// roomSize is how many enriched rows are allocated together.
const roomSize = 256

// room returns room for an enriched row, which stays until the pair is done.
func (b *builder) room() *enriched {
	if b.used == len(b.rooms)*roomSize {
		b.rooms = append(b.rooms, make([]enriched, roomSize))
	}
	s := &b.rooms[b.used/roomSize][b.used%roomSize]
	b.used++
	return s
}

// fill returns the rows that refs name, in their order, each flow's seen from
// the side that opened it and with the verdict of the log that saw it.
func (b *builder) fill(p *aggregate.Partition, refs []ref) []*enriched {
	rows := b.ptrs[:0]
	for _, r := range refs {
		s, i := b.room(), int(r.row)
		row := p.Rows.At(i)
		*s = enriched{row: row, frames: p.Rows.Frames(i), point: b.points[row.Context], key: row.Key}
		rows = append(rows, s)
	}
	b.ptrs = rows
	for all := rows; len(all) > 0; {
		n := 1
		for n < len(all) && refs[n].tuple == refs[0].tuple {
			n++
		}
		turn(all[:n])
		judge(all[:n])
		for _, s := range all[:n] {
			over := s.refused
			key := s.key
			s.fill(s.row, s.frames, s.point, b.naming.locator)
			s.key, s.refused = key, over
		}
		all, refs = all[n:], refs[n:]
	}
	return rows
}

// turn lets rows of one flow whose initiator was guessed be seen from the one
// that another row knows, or else all from one.
func turn(rows []*enriched) {
	var known *enriched
	for _, s := range rows {
		if s.row.Marks&(aggregate.Guessed|aggregate.Opened) != aggregate.Guessed && (known == nil || s.before(known)) {
			known = s
		}
	}
	from := known
	if from == nil {
		from = slices.MinFunc(rows, func(x, y *enriched) int {
			if x.before(y) {
				return -1
			}
			return 1
		})
	}
	src, port := from.row.Src, from.row.SrcPort
	for _, s := range rows {
		if s.row.Marks&aggregate.Guessed == 0 || s.row.Marks&aggregate.Opened != 0 {
			continue
		}
		if s.row.Src != src || s.row.SrcPort != port {
			row, f := s.row.Flipped(s.frames)
			s.row, s.frames = &row, f
		}
		if known != nil {
			row := *s.row
			row.Marks |= aggregate.Opened
			s.row = &row
		}
	}
}

// before orders rows by their time, and then by their addresses and ports.
func (s *enriched) before(o *enriched) bool {
	return cmp.Or(cmp.Compare(s.row.First, o.row.First), s.row.Key.Compare(&o.row.Key)) < 0
}

// judge notes of rows of captures whether a log refused their flow: if one did about when
// they were seen and none let it pass then.
func judge(rows []*enriched) {
	for _, s := range rows {
		if s.point.Class != aggregate.Capture {
			continue
		}
		var refused, passed bool
		for _, o := range rows {
			if o.point.Class.Log() && s.near(o) {
				refused = refused || o.point.Verdict == aggregate.Denied
				passed = passed || o.point.Verdict == aggregate.Allowed
			}
		}
		s.refused = refused && !passed
	}
}

// near reports whether what a log says of a flow may be of packets that a capture saw: it
// says it up to some minutes later, and of attempts that are repeated once.
func (s *enriched) near(log *enriched) bool {
	const far = lead * aggregate.Minute
	r, o := s.row, log.row
	return r.First == aggregate.NoFirst || o.First == aggregate.NoFirst || r.First-far <= o.Last && o.First-far <= r.Last
}
