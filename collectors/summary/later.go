package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
)

// later keeps pairs of addresses whose flows have to be cut in time, until it is
// known what their points saw in each second.
type later struct {
	dedupe  *deduplicator
	watches [aggregate.Partitions]aggregate.Watch
	shelf   aggregate.Shelf
}

// wants reports whether one of the flows of a pair has to be cut, and notes
// which.
func (l *later) wants(rows []*enriched, refs []ref) bool {
	some := false
	for len(rows) > 0 {
		n := firstFlow(refs)
		if n > 1 && l.dedupe.needsDetail(rows[:n]) {
			l.watches[partOf(rows[0].row)].Add(&rows[0].key)
			some = true
		}
		rows, refs = rows[n:], refs[n:]
	}
	return some
}

// partOf is the partition of a row.
func partOf(r *aggregate.Row) int { return int(r.PairHash() % aggregate.Partitions) }

// needsDetail reports whether a flow has to be cut within a row.
func (d *deduplicator) needsDetail(rows []*enriched) bool {
	if rows[0].point.Class.Sum() || !slices.ContainsFunc(rows, (*enriched).spans) {
		return false
	}
	cut := false
	d.overlaps(rows, func(views []view) { cut = cut || len(views) > 1 && !together(views) })
	return cut
}

// add keeps the rows of a pair.
func (l *later) add(p *aggregate.Partition, lists ...[]ref) {
	for _, refs := range lists {
		for _, r := range refs {
			row := p.Rows.At(int(r.row))
			l.shelf.Add(partOf(row), row, p.Rows.Frames(int(r.row)))
		}
	}
}

// merge takes over what o has.
func (l *later) merge(o *later) {
	for i := range l.watches {
		l.watches[i].Merge(&o.watches[i])
	}
	l.shelf.Merge(&o.shelf)
}

// again answers for what was left because flows have to be cut in time, with
// what all points saw of them in each second. What cannot be read again is
// counted as far as it is known. All is read once more for as many flows at a time
// as fit into memory.
func (b *builder) again(t *aggregate.Table, o Options) {
	l := b.later
	b.later = nil
	if l == nil {
		return
	}
	var watch aggregate.Watch
	from := 0
	for i := range l.watches {
		watch.Merge(&l.watches[i])
		l.watches[i] = aggregate.Watch{}
		if watch.Len() == 0 || i+1 < len(l.watches) && watch.Len()+l.watches[i+1].Len() <= watchedMost(t) {
			continue
		}
		b.dedupe.detail = o.Again(t, &watch)
		for ; from <= i; from++ {
			b.stored(l.shelf.Stored(from), &aggregate.Partition{})
		}
		watch = aggregate.Watch{}
	}
	b.dedupe.detail = nil
	b.errs = appendError(b.errs, l.shelf.Close())
	b.flush()
}

// watchedMost is of how many flows what was seen in each second may be in memory:
// it takes as much as some rows do.
func watchedMost(t *aggregate.Table) int { return max(aggregate.MinRows/10, t.Limit/8) }
