package meter

import "flowctl/collectors/flow"

// pairs numbers pairs of addresses that are not both IPv4, so that entries
// need only a word for them. Numbers that no entry uses are given again.
type pairs struct {
	seed  uint64
	slots []uint32 // number plus one
	list  []ends
	free  []uint32
}

// ends are a pair of addresses and how many entries use it.
type ends struct {
	lo, hi flow.Addr
	uses   uint32
	live   bool
}

const firstPairs = 1 << 6

// number returns the number of a pair with the given hash, and a new one if it
// has none.
func (p *pairs) number(lo, hi flow.Addr, hash uint64) uint64 {
	if 2*(len(p.list)-len(p.free)+1) > len(p.slots) {
		p.place(max(2*len(p.slots), firstPairs))
	}
	mask := uint64(len(p.slots) - 1)
	for j := hash & mask; ; j = (j + 1) & mask {
		s := p.slots[j]
		if s == 0 {
			n := p.add(ends{lo: lo, hi: hi, live: true})
			p.slots[j] = n + 1
			return uint64(n)
		}
		if e := &p.list[s-1]; e.lo == lo && e.hi == hi {
			return uint64(s - 1)
		}
	}
}

// warm loads what number will look at.
func (p *pairs) warm(hash uint64) uint64 {
	if len(p.slots) == 0 {
		return 0
	}
	if s := p.slots[hash&uint64(len(p.slots)-1)]; s != 0 {
		return p.list[s-1].lo.Lo
	}
	return 0
}

func (p *pairs) add(e ends) uint32 {
	if k := len(p.free); k > 0 {
		n := p.free[k-1]
		p.free = p.free[:k-1]
		p.list[n] = e
		return n
	}
	p.list = append(p.list, e)
	return uint32(len(p.list) - 1)
}

// release gives up the pairs that no entry uses any more.
func (p *pairs) release() {
	p.free = p.free[:0]
	for n := range p.list {
		if e := &p.list[n]; e.uses == 0 {
			e.live = false
			p.free = append(p.free, uint32(n))
		}
	}
	if len(p.free) > 0 {
		p.place(len(p.slots))
	}
}

// place puts all pairs in use into n slots.
func (p *pairs) place(n int) {
	p.slots = make([]uint32, n)
	mask := uint64(n - 1)
	for k := range p.list {
		e := &p.list[k]
		if !e.live {
			continue
		}
		j := hashEnds(e.lo, e.hi, p.seed) & mask
		for p.slots[j] != 0 {
			j = (j + 1) & mask
		}
		p.slots[j] = uint32(k) + 1
	}
}
