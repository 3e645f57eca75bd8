package parquet

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"

	"flowctl/collectors/flow"
)

// addresses numbers the addresses of one column of a row group. The number of
// none is 0, the others are in the order of their texts once sorted.
type addresses struct {
	seed  [2]uint64
	slots []uint32 // number by hash; a power of two of them, 0 for free ones
	list  []flow.Addr
	rank  []uint32 // by number, once sorted
	texts []byte
	ends  []int // of texts, by rank
}

// newAddresses returns an empty dictionary.
func newAddresses() *addresses {
	return &addresses{seed: [2]uint64{rand.Uint64(), rand.Uint64()}, slots: make([]uint32, 1024)}
}

func (a *addresses) reset() {
	clear(a.slots)
	a.list = append(a.list[:0], flow.Addr{})
}

// number returns the number of x.
func (a *addresses) number(x flow.Addr) uint32 {
	if x.IsZero() {
		return 0
	}
	for i := a.slot(x); ; i = (i + 1) & (len(a.slots) - 1) {
		switch n := a.slots[i]; {
		case n == 0:
			return a.add(x, i)
		case a.list[n] == x:
			return n
		}
	}
}

func (a *addresses) slot(x flow.Addr) int {
	hi, lo := bits.Mul64(x.Hi^a.seed[0], x.Lo^a.seed[1])
	return int(hi^lo) & (len(a.slots) - 1)
}

// add numbers x, whose place among the slots is i. Half of the slots stay
// free.
func (a *addresses) add(x flow.Addr, i int) uint32 {
	n := uint32(len(a.list))
	a.list = append(a.list, x)
	a.slots[i] = n
	if 2*len(a.list) > len(a.slots) {
		a.slots = make([]uint32, 2*len(a.slots))
		for n, x := range a.list[1:] {
			i := a.slot(x)
			for a.slots[i] != 0 {
				i = (i + 1) & (len(a.slots) - 1)
			}
			a.slots[i] = uint32(n + 1)
		}
	}
	return n
}

// shown is an address with the first 16 bytes of its text, by which nearly
// all can be put in order.
type shown struct {
	hi, lo uint64
	number uint32
	at     int // of its text
	size   int
}

// sort puts the texts of all addresses in order.
func (a *addresses) sort() {
	var all []byte
	list := make([]shown, 0, len(a.list))
	for n, x := range a.list[1:] {
		at := len(all)
		all = x.Netip().AppendTo(all)
		var head [16]byte
		copy(head[:], all[at:])
		list = append(list, shown{binary.BigEndian.Uint64(head[:]), binary.BigEndian.Uint64(head[8:]), uint32(n + 1), at, len(all) - at})
	}
	slices.SortFunc(list, func(x, y shown) int {
		if x.hi != y.hi {
			return cmp.Compare(x.hi, y.hi)
		}
		if x.lo != y.lo {
			return cmp.Compare(x.lo, y.lo)
		}
		return slices.Compare(all[x.at:x.at+x.size], all[y.at:y.at+y.size])
	})
	a.rank = append(slices.Grow(a.rank[:0], len(a.list)), make([]uint32, len(a.list))...)
	a.texts, a.ends = a.texts[:0], a.ends[:0]
	for i, x := range list {
		a.rank[x.number] = uint32(i + 1)
		a.texts = append(a.texts, all[x.at:x.at+x.size]...)
		a.ends = append(a.ends, len(a.texts))
	}
}

// texts numbers the texts of one column of a row group, other than addresses,
// in the order in which they come. The number of none is 0.
type texts struct {
	numbers []uint32 // by flow.ID; 0 for those that did not come
	ids     []flow.ID
}

func (t *texts) reset() {
	for _, id := range t.ids {
		t.numbers[id] = 0
	}
	t.ids = t.ids[:0]
}

func (t *texts) number(id flow.ID) uint32 {
	if id == 0 {
		return 0
	}
	if int(id) < len(t.numbers) && t.numbers[id] != 0 {
		return t.numbers[id]
	}
	return t.add(id)
}

func (t *texts) add(id flow.ID) uint32 {
	if int(id) >= len(t.numbers) {
		t.numbers = append(t.numbers, make([]uint32, int(id)+1-len(t.numbers))...)
	}
	t.ids = append(t.ids, id)
	t.numbers[id] = uint32(len(t.ids))
	return t.numbers[id]
}

// values numbers small integers in the order in which they come, from 1 on.
type values struct {
	numbers [1 << 16]uint32 // 0 for those that did not come
	list    []uint16
}

func (v *values) reset() {
	for _, x := range v.list {
		v.numbers[x] = 0
	}
	v.list = v.list[:0]
}

func (v *values) number(x uint16) uint32 {
	if n := v.numbers[x]; n != 0 {
		return n
	}
	v.list = append(v.list, x)
	v.numbers[x] = uint32(len(v.list))
	return v.numbers[x]
}
