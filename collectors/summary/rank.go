package summary

import (
	"bytes"
	"slices"
	"sort"

	"flowctl/collectors/aggregate"
)

// line is a line that may be shown.
type line struct {
	key  []byte
	text []string // made when it is needed
	sum  lineSum
	seen *seen // of lines that are single flows
}

// rank finds the lines to show and the sum of the others. Lines are used up.
func (g *groups) rank(n *naming) error {
	if g.pairs {
		return nil // is done
	}
	offer := func(key []byte, sums []group) { g.offer(key, g.sumsOf(sums), n) }
	if g.many != nil {
		return g.many.each(offer)
	}
	g.lines.each(offer)
	return nil
}

// offer takes a line that may have to be shown, and is valid only now. There can
// be millions, so only those that compete are ordered.
func (g *groups) offer(key []byte, sum lineSums, n *naming) {
	if g.having != nil {
		switch g.having(sum) {
		case no:
			g.excluded++
			return
		case undecided:
			g.unclear++
			return
		}
	}
	g.count++
	g.compete(key, sum, g.seen[string(key)], n)
}

// compete takes a line that may have to be shown. Lines are put in order only when
// twice as many wait as are shown, so that long answers are not ordered line by line.
func (g *groups) compete(key []byte, sum lineSums, what *seen, n *naming) {
	if limit := g.limit(); g.ordered && g.compare(sum, g.shown[limit-1].sum.sums(), key, g.shown[limit-1].key, what, g.shown[limit-1].seen, n) > 0 {
		g.rest.merge(sum)
		return
	}
	g.shown = append(g.shown, line{key: bytes.Clone(key), sum: lineSum{*sum.all, *sum.ends, *sum.cost, *sum.tcp}, seen: what})
	if len(g.shown) >= 2*g.limit() {
		g.cut(n)
	}
}

// limit is how many lines are shown.
func (g *groups) limit() int {
	if g.top <= 0 {
		return defaultTop
	}
	return g.top
}

// cut puts the lines that compete in order and leaves those that are shown.
func (g *groups) cut(n *naming) {
	sort.Slice(g.shown, func(i, j int) bool { return g.before(&g.shown[i], &g.shown[j], n) })
	limit := min(g.limit(), len(g.shown))
	for i := range g.shown[limit:] {
		g.rest.merge(g.shown[limit+i].sum.sums())
	}
	clear(g.shown[limit:])
	g.shown = g.shown[:limit]
	g.ordered = limit == g.limit()
}

// before reports whether a is shown before b. Only lines that are equal in
// all else are compared by their text.
func (g *groups) before(a, b *line, n *naming) bool {
	if c := g.compare(a.sum.sums(), b.sum.sums(), a.key, b.key, a.seen, b.seen, n); c != 0 {
		return c < 0
	}
	for _, l := range []*line{a, b} {
		if l.text == nil {
			l.text = g.texts(n, l.key)
		}
	}
	if c := slices.Compare(a.text, b.text); c != 0 {
		return c < 0
	}
	return bytes.Compare(a.key, b.key) < 0 // machines that share a name, in the order of the inventory
}

// answer draws the lines up that rank found, the biggest first.
func (g *groups) answer(n *naming, all aggregate.Tally) Answer {
	a := Answer{Name: g.name, By: []string{}, Rows: []Row{}, Fields: g.names, Groups: g.count, Total: g.row(&g.total, nil, all), Excluded: g.excluded, Unclear: g.unclear}
	for _, f := range g.by {
		a.By = append(a.By, f.name)
	}
	g.cut(n)
	for _, l := range g.shown {
		r := g.row(&l.sum, g.texts(n, l.key), all)
		if l.seen != nil {
			r.Flow = l.seen.single(&r)
		}
		a.Rows = append(a.Rows, r)
	}
	if g.count > uint64(len(g.shown)) {
		r := g.row(&g.rest, nil, all)
		a.Others = &r
	}
	return a
}

// row is a line as answers show it.
func (g *groups) row(v *lineSum, key []string, all aggregate.Tally) Row {
	r := v.all.row(key, all)
	if g.sided {
		left, arrived := volume(v.ends.sent), volume(v.ends.received)
		r.Left, r.Arrived = &left, &arrived
	}
	if g.priced {
		r.Cost = v.cost.cost()
	}
	if g.tcp {
		r.TCP = v.tcp.tcp()
	}
	return r
}
