package meter

import (
	"math"
	"slices"

	"flowctl/collectors/flow"
	"flowctl/collectors/table"
)

// conversations are the entries of a part. They lie in slabs that never move and
// hold no pointer.
type conversations struct {
	seed  uint64
	index table.Index
	slabs []*[1 << slabBits]entry
	ends  []*[1 << slabBits]ends // of the entries in a slab, if there are any whose key has them not
	free  []int                  // entries below next that are not in use
	next  int                    // entries that were ever used
	used  int
	fine  bool // a record is of one second of the clock
	brief bool // nothing of entry.tcp is wanted, so that its cache lines are left alone
}

const (
	slabBits = 10
	slabMask = 1<<slabBits - 1
)

// ends are two addresses, the lower one first.
type ends struct{ lo, hi flow.Addr }

// endsOf are the addresses of entry i, which is e.
func (t *conversations) endsOf(i int, e *entry) ends {
	if e.key.rest&hashed == 0 {
		return ends{flow.Addr4(uint32(e.key.pair >> 32)), flow.Addr4(uint32(e.key.pair))}
	}
	return t.ends[i>>slabBits][i&slabMask]
}

func (t *conversations) at(i int) *entry { return &t.slabs[i>>slabBits][i&slabMask] }

// find returns the entry of o, for which there is room, with its number, and
// whether it is a new one, whose contents are then to be replaced.
func (t *conversations) find(o *observed) (i int, e *entry, fresh bool) {
	for i, at := t.index.First(uint32(o.hash)); i >= 0; i, at = t.index.Next(uint32(o.hash), at) {
		if e = t.at(i); e.key == o.key && (o.key.rest&hashed == 0 || t.ends[i>>slabBits][i&slabMask] == o.ends()) {
			return i, e, false
		}
	}
	i = t.add(o)
	return i, t.at(i), true
}

// add takes an entry for o.
func (t *conversations) add(o *observed) int {
	i := t.next
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		if i>>slabBits == len(t.slabs) {
			t.slabs, t.ends = append(t.slabs, new([1 << slabBits]entry)), append(t.ends, nil)
		}
		t.next++
	}
	t.used++
	t.index.Put(uint32(o.hash), i)
	if o.key.rest&hashed != 0 {
		t.keep(i, o.ends())
	}
	return i
}

// keep notes the addresses of entry i.
func (t *conversations) keep(i int, e ends) {
	slab := &t.ends[i>>slabBits]
	if *slab == nil {
		*slab = new([1 << slabBits]ends)
	}
	(*slab)[i&slabMask] = e
}

// warm loads what find will look at for o.
func (t *conversations) warm(o *observed) uint64 {
	i, _ := t.index.First(uint32(o.hash))
	if i < 0 {
		return 0
	}
	e := t.at(i)
	sum := e.key.pair
	if !t.brief {
		sum += uint64(e.tcp.mark)
	}
	if slab := t.ends[i>>slabBits]; o.key.rest&hashed != 0 && slab != nil {
		sum += slab[i&slabMask].lo.Lo
	}
	return sum
}

// each calls f with all entries in the order in which they were made, as far
// as their places were not used again.
func (t *conversations) each(f func(int, *entry)) {
	for i := range t.next {
		if e := t.at(i); e.live {
			f(i, e)
		}
	}
}

// median is the time of the last packet that about half of the entries have had
// theirs before.
func (t *conversations) median() int64 {
	var times []int64
	for i := 0; i < t.next; i += 1 + t.next/medianOf {
		if e := t.at(i); e.live {
			times = append(times, e.last)
		}
	}
	if len(times) == 0 {
		return math.MaxInt64
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// medianOf is of how many entries at most the median is taken.
const medianOf = 4096

// drop removes the entries for which f is true.
func (t *conversations) drop(f func(int, *entry) bool) {
	before := t.used
	for i := range t.next {
		if e := t.at(i); e.live && f(i, e) {
			e.live = false
			t.free = append(t.free, i)
			t.used--
		}
	}
	if t.used < before {
		t.index.Reset()
		t.each(func(i int, e *entry) { t.index.Put(uint32(hash(e.key.pair, e.key.rest, t.seed)), i) })
	}
}
