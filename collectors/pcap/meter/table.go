package meter

import "flowctl/collectors/flow"

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
	free  []uint32 // entries below next that are not in use
	next  uint32   // entries that were ever used
	used  int
	pairs pairs
}

func (t *table) init(seed uint64) {
	t.seed, t.pairs.seed = seed, seed
	t.resize(firstSize)
}

// ends are the addresses of k, the lower one first.
func (t *table) ends(k *key) (lo, hi flow.Addr) {
	if k.rest&numbered == 0 {
		return flow.Addr4(uint32(k.pair >> 32)), flow.Addr4(uint32(k.pair))
	}
	e := &t.pairs.list[k.pair]
	return e.lo, e.hi
}

// hash is that of a packet with the key k.
func (t *table) hash(k *key) uint64 {
	if k.rest&numbered == 0 {
		return hash(k.pair, k.rest, t.seed)
	}
	e := &t.pairs.list[k.pair]
	return hash(hashEnds(e.lo, e.hi, t.seed), k.rest, t.seed)
}

func (t *table) at(i uint32) *entry { return &t.slabs[i>>slabBits][i&slabMask] }

func slot(i uint32, hash uint64) uint32 { return uint32(hash>>(32+slotBits))<<slotBits | (i + 1) }

// find returns the entry of k, and whether it is a new one, whose contents are
// then to be replaced.
func (t *table) find(k key, hash uint64) (e *entry, fresh bool) {
	tag := uint32(hash >> (32 + slotBits))
	for j := hash & t.mask; ; j = (j + 1) & t.mask {
		s := t.slots[j]
		if s == 0 {
			return t.add(k, hash, j), true
		}
		if s>>slotBits == tag {
			if e := t.at(s&slotMask - 1); e.key == k {
				return e, false
			}
		}
	}
}

// add takes an entry for k, whose place among the slots is j.
func (t *table) add(k key, hash, j uint64) *entry {
	if 2*(t.used+1) > len(t.slots) {
		t.resize(2 * len(t.slots))
		for j = hash & t.mask; t.slots[j] != 0; j = (j + 1) & t.mask {
		}
	}
	i := t.next
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		if int(i>>slabBits) == len(t.slabs) {
			t.slabs = append(t.slabs, new([1 << slabBits]entry))
		}
		t.next++
	}
	t.used++
	t.slots[j] = slot(i, hash)
	if k.rest&numbered != 0 {
		t.pairs.list[k.pair].uses++
	}
	return t.at(i)
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
		h := t.hash(&e.key)
		j := h & t.mask
		for t.slots[j] != 0 {
			j = (j + 1) & t.mask
		}
		t.slots[j] = slot(i, h)
	}
}

// each calls f with all entries in the order in which they were made, as far
// as their places were not used again.
func (t *table) each(f func(*entry)) {
	for i := range t.next {
		if e := t.at(i); e.live {
			f(e)
		}
	}
}

// drop removes the entries for which f is true.
func (t *table) drop(f func(*entry) bool) {
	before := t.used
	for i := range t.next {
		if e := t.at(i); e.live && f(e) {
			e.live = false
			if e.key.rest&numbered != 0 {
				t.pairs.list[e.key.pair].uses--
			}
			t.free = append(t.free, i)
			t.used--
		}
	}
	if t.used < before {
		clear(t.slots)
		t.place()
		t.pairs.release()
	}
}

func (t *table) clear() { t.drop(func(*entry) bool { return true }) }
