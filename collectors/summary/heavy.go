package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
)

// stored answers for the rows of a partition that lie in a file, by way of p, which
// is empty.
func (b *builder) stored(s *aggregate.Stored, p *aggregate.Partition) {
	if s.Rows() <= b.rows {
		b.errs = append(b.errs, s.Load(p, b.free, &b.buf)...)
		b.partition(p)
		return
	}
	split, errs := s.Split(b.rows/2, &b.buf)
	b.errs = append(b.errs, errs...)
	whole := split.Whole()
	for n := range whole.N {
		b.errs = append(b.errs, split.Load(whole.First+n, p, b.free, &b.buf)...)
		b.partition(p)
	}
	for _, pieces := range split.Heavy() {
		b.heavy(split, pieces, p)
	}
	b.errs = appendError(b.errs, split.Close())
}

// heavy answers for a pair of addresses of which not all rows fit into memory.
func (b *builder) heavy(s *aggregate.Split, pieces aggregate.Pieces, p *aggregate.Partition) {
	each := func(f func(refs []ref)) {
		for n := range pieces.N {
			errs := s.Load(pieces.First+n, p, b.free, &b.buf)
			b.errs = append(b.errs, errs...)
			refs := b.refs[:0]
			for i := range p.Rows.N {
				refs = append(refs, b.ref(p, i))
			}
			b.refs = refs
			slices.SortFunc(refs, ref.compare)
			f(refs)
			p.Reset(b.free)
		}
	}
	if b.later != nil {
		some := false
		each(func(refs []ref) { some = b.wants(p, refs) || some })
		if some {
			each(func(refs []ref) { b.later.add(p, refs) })
			return
		}
	}
	b.pair(func() { each(func(refs []ref) { b.countAll(p, refs) }) })
}

// ref is that of row i of p.
func (b *builder) ref(p *aggregate.Partition, i int) ref {
	r := p.Rows.At(i)
	return ref{tupleOf(r, b.points[r.Context].Class), uint32(i)}
}

func appendError(all []error, err error) []error {
	if err == nil {
		return all
	}
	return append(all, err)
}
