package aggregate

import "flowctl/collectors/flow"

// Split is stored rows that are too many for memory, in pieces that are not. A
// piece has all rows of its flows, and in either all rows of its pairs of
// addresses or a part of those of one pair, of which there are too many.
//
// What was chosen: partitions are of pairs, since most questions are about pairs,
// and only where one has more rows than fit it is cut by the hash of its 5-tuples
// without their direction. What was left: partitions by 5-tuple, in which no pair is
// together, so that the sums of all pairs would have to be made and merged once more.
type Split struct {
	shelf Shelf
	whole Pieces
	heavy map[ends]Pieces
}

// Pieces are some of a Split, by number.
type Pieces struct{ First, N int }

// ends are a pair of addresses, the lower one first.
type ends struct{ low, high flow.Addr }

func (k *Key) ends() ends {
	if k.Src.Compare(k.Dst) > 0 {
		return ends{k.Dst, k.Src}
	}
	return ends{k.Src, k.Dst}
}

// of is the piece that a hash says.
func (p Pieces) of(hash uint64) int { return p.First + int(hash%uint64(p.N)) }

// Split cuts rows into pieces of about so many at most. The errors say which
// rows are lost.
func (s *Stored) Split(most int, buf *[]byte) (*Split, []error) {
	var w weigher
	errs := s.each(buf, func(b []byte, ids []uint32) {
		for d := (Decoder{b}); len(d.B) > 0; {
			r, _ := d.Row()
			w.add(r.ends())
		}
	})
	out := &Split{heavy: map[ends]Pieces{}}
	next, rest := 0, w.total
	for pair, n := range w.counts {
		if n >= most/2 {
			out.heavy[pair] = Pieces{next, 1 + 2*n/most}
			next += out.heavy[pair].N
			rest -= n
		}
	}
	out.whole = Pieces{next, 1 + 2*rest/most}
	s.each(buf, func(b []byte, ids []uint32) {
		for d := (Decoder{b}); len(d.B) > 0; {
			r, f := d.Row()
			if ids != nil {
				r.Context = ids[r.Context]
			}
			out.shelf.Add(out.piece(&r.Key), &r, f)
		}
	})
	return out, errs
}

// piece is the number of the piece that a row belongs to.
func (s *Split) piece(k *Key) int {
	if p, ok := s.heavy[k.ends()]; ok {
		return p.of(flowHash(k.Src, k.Dst, k.SrcPort, k.Port, k.Proto))
	}
	return s.whole.of(k.PairHash() / Partitions)
}

// Whole are the pieces whose pairs are all there.
func (s *Split) Whole() Pieces { return s.whole }

// Heavy are the pieces of each pair that is in several.
func (s *Split) Heavy() []Pieces {
	var list []Pieces
	for _, p := range s.heavy {
		list = append(list, p)
	}
	return list
}

// Load adds the rows of a piece to p.
func (s *Split) Load(piece int, p *Partition, free *Pool, buf *[]byte) []error {
	return s.shelf.Stored(piece).Load(p, free, buf)
}

// Close removes the temporary file.
func (s *Split) Close() error { return s.shelf.Close() }

// weigher counts rows by pair, of the pairs that have many (Misra and Gries,
// Finding repeated elements, 1982): no count is too high, nor too low by more
// than the mostWeighed-th part of all.
type weigher struct {
	counts map[ends]int
	total  int
}

const mostWeighed = 4096

func (w *weigher) add(pair ends) {
	if w.counts == nil {
		w.counts = map[ends]int{}
	}
	w.total++
	n, ok := w.counts[pair]
	if ok || len(w.counts) < mostWeighed {
		w.counts[pair] = n + 1
		return
	}
	for pair, n := range w.counts {
		if n == 1 {
			delete(w.counts, pair)
		} else {
			w.counts[pair] = n - 1
		}
	}
}
