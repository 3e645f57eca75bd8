package meter

import (
	"math"
	"slices"

	"flowctl/collectors/flow"
)

// An open addressing table. Its slots hold the number of an entry plus one
// and, above it, some bits of the hash, so that most misses touch no entry.
// Entries lie in slabs that never move and hold no pointer.
const (
	slotBits  = 23
	slotMask  = 1<<slotBits - 1
	slabBits  = 10
	slabMask  = 1<<slabBits - 1
	firstSize = 1 << 10
)

type table struct {
	seed  uint64
	slots []uint32
	mask  uint64
	slabs []*[1 << slabBits]entry
	ends  []*[1 << slabBits]ends // of the entries in a slab, if there are any whose key has them not
	free  []uint32               // entries below next that are not in use
	next  uint32                 // entries that were ever used
	used  int
	fine  bool // a record is of one second of the clock
	brief bool // nothing of entry.tcp is wanted, so that its cache lines are left alone
}

// ends are two addresses, the lower one first.
type ends struct{ lo, hi flow.Addr }

func (t *table) init(seed uint64) {
	t.seed = seed
	t.resize(firstSize)
}

// endsOf are the addresses of entry i, which is e.
func (t *table) endsOf(i uint32, e *entry) ends {
	if e.key.rest&hashed == 0 {
		return ends{flow.Addr4(uint32(e.key.pair >> 32)), flow.Addr4(uint32(e.key.pair))}
	}
	return t.ends[i>>slabBits][i&slabMask]
}

func (t *table) at(i uint32) *entry { return &t.slabs[i>>slabBits][i&slabMask] }

func slot(i uint32, hash uint64) uint32 { return uint32(hash>>(32+slotBits))<<slotBits | (i + 1) }

// find returns the entry of o with its number, and whether it is a new one,
// whose contents are then to be replaced.
func (t *table) find(o *observed) (i uint32, e *entry, fresh bool) {
	tag := uint32(o.hash >> (32 + slotBits))
	for j := o.hash & t.mask; ; j = (j + 1) & t.mask {
		s := t.slots[j]
		if s == 0 {
			i = t.add(o, j)
			return i, t.at(i), true
		}
		if s>>slotBits == tag {
			i = s&slotMask - 1
			if e = t.at(i); e.key == o.key && (o.key.rest&hashed == 0 || t.ends[i>>slabBits][i&slabMask] == o.ends()) {
				return i, e, false
			}
		}
	}
}

// add takes an entry for o, whose place among the slots is j.
func (t *table) add(o *observed, j uint64) uint32 {
	if 2*(t.used+1) > len(t.slots) {
		t.resize(2 * len(t.slots))
		for j = o.hash & t.mask; t.slots[j] != 0; j = (j + 1) & t.mask {
		}
	}
	i := t.next
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		if int(i>>slabBits) == len(t.slabs) {
			t.slabs, t.ends = append(t.slabs, new([1 << slabBits]entry)), append(t.ends, nil)
		}
		t.next++
	}
	t.used++
	t.slots[j] = slot(i, o.hash)
	if o.key.rest&hashed != 0 {
		t.keep(i, o.ends())
	}
	return i
}

// keep notes the addresses of entry i.
func (t *table) keep(i uint32, e ends) {
	slab := &t.ends[i>>slabBits]
	if *slab == nil {
		*slab = new([1 << slabBits]ends)
	}
	(*slab)[i&slabMask] = e
}

// warm loads what find will look at for o.
func (t *table) warm(o *observed) uint64 {
	tag := uint32(o.hash >> (32 + slotBits))
	j := o.hash & t.mask
	for t.slots[j] != 0 && t.slots[j]>>slotBits != tag {
		j = (j + 1) & t.mask
	}
	if t.slots[j] == 0 {
		return 0
	}
	i := t.slots[j]&slotMask - 1
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

// resize makes n slots and places all entries anew.
func (t *table) resize(n int) {
	t.slots, t.mask = make([]uint32, n), uint64(n-1)
	t.place()
}

// place fills empty slots.
func (t *table) place() {
	for i := range t.next {
		e := t.at(i)
		if !e.live {
			continue
		}
		h := hash(e.key.pair, e.key.rest, t.seed)
		j := h & t.mask
		for t.slots[j] != 0 {
			j = (j + 1) & t.mask
		}
		t.slots[j] = slot(i, h)
	}
}

// each calls f with all entries in the order in which they were made, as far
// as their places were not used again.
func (t *table) each(f func(uint32, *entry)) {
	for i := range t.next {
		if e := t.at(i); e.live {
			f(i, e)
		}
	}
}

// median is the time of the last packet that about half of the entries have had
// theirs before.
func (t *table) median() int64 {
	var times []int64
	for i := uint32(0); i < t.next; i += 1 + t.next/medianOf {
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
func (t *table) drop(f func(uint32, *entry) bool) {
	before := t.used
	for i := range t.next {
		if e := t.at(i); e.live && f(i, e) {
			e.live = false
			t.free = append(t.free, i)
			t.used--
		}
	}
	if t.used < before {
		clear(t.slots)
		t.place()
	}
}
