package summary

// partition holds the rows of the address pairs with some hashes. Tables
// are cut into partitions so that growing, merging and answering need little
// memory beside the table itself.
type partition struct {
	rows  slab
	index []uint64 // upper half: of the key's hash; lower half: row number + 1; 0 is free
	ports ports
}

// find returns the row with the key of k, which it adds if there is none.
func (p *partition) find(k *key, hash uint64, free *pool) (n int, added bool) {
	if p.rows.n*4 >= len(p.index)*3 {
		p.grow()
	}
	mask := uint64(len(p.index) - 1)
	tag := hash &^ 0xffffffff
	for i := hash >> 32 & mask; ; i = (i + 1) & mask {
		e := p.index[i]
		if e == 0 {
			n := p.rows.add(row{key: *k, first: noFirst, last: noLast}, free)
			p.index[i] = tag | uint64(n+1)
			return n, true
		}
		if e&^0xffffffff == tag {
			if n := int(uint32(e)) - 1; p.rows.at(n).key == *k {
				return n, false
			}
		}
	}
}

func (p *partition) grow() { p.rehash(make([]uint64, max(64, 2*len(p.index)))) }

// rehash moves the index into free slots.
func (p *partition) rehash(free []uint64) {
	old := p.index
	p.index = free
	mask := uint64(len(p.index) - 1)
	for _, e := range old {
		if e == 0 {
			continue
		}
		i := e >> 32 & mask
		for p.index[i] != 0 {
			i = (i + 1) & mask
		}
		p.index[i] = e
	}
}

// warm loads what find will need of the index, and then of the rows, so that
// a batch waits for memory once and not once per record.
func (p *partition) warm(hash uint64) (e uint64) {
	if len(p.index) == 0 {
		return 0
	}
	return p.index[hash>>32&uint64(len(p.index)-1)]
}

func (p *partition) warmRow(e uint64) uint64 {
	if n := int(uint32(e)) - 1; n >= 0 {
		r := p.rows.at(n)
		return r.src.Lo + r.received.packets + uint64(r.marks)
	}
	return 0
}

// addFlow counts the source port of row n unless it was counted before.
func (p *partition) addFlow(n int, port uint16) {
	r := p.rows.at(n)
	if r.flows == 0 {
		r.flows, r.srcPort = 1, port
		return
	}
	if r.srcPort != port && p.ports.add(uint32(n), port) {
		r.flows++
	}
}

// ports is a set of source ports by row. It is exact: an entry is the row
// and the port themselves, not a hash of them.
type ports struct {
	slots []uint64 // row<<16 + port + 1
	n     int
}

// add reports whether the port was new.
func (s *ports) add(row uint32, port uint16) bool {
	if s.n*4 >= len(s.slots)*3 {
		s.grow()
	}
	v := (uint64(row)<<16 | uint64(port)) + 1
	i := s.slot(v)
	if s.slots[i] == v {
		return false
	}
	s.slots[i] = v
	s.n++
	return true
}

// slot returns where v is or belongs.
func (s *ports) slot(v uint64) uint64 {
	mask := uint64(len(s.slots) - 1)
	i := mix(v, seeds[0]) & mask
	for s.slots[i] != 0 && s.slots[i] != v {
		i = (i + 1) & mask
	}
	return i
}

func (s *ports) grow() { s.rehash(make([]uint64, max(64, 2*len(s.slots)))) }

func (s *ports) rehash(free []uint64) {
	old := s.slots
	s.slots = free
	for _, v := range old {
		if v != 0 {
			s.slots[s.slot(v)] = v
		}
	}
}

// each calls f for every entry.
func (s *ports) each(f func(row uint32, port uint16)) {
	for _, v := range s.slots {
		if v != 0 {
			f(uint32((v-1)>>16), uint16(v-1))
		}
	}
}

// borrow takes over the tables of an empty partition where they are larger.
func (p *partition) borrow(from *partition) {
	if len(from.index) > len(p.index) {
		p.rehash(from.index)
	}
	if len(from.ports.slots) > len(p.ports.slots) {
		p.ports.rehash(from.ports.slots)
	}
}
