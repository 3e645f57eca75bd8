package aggregate

import "sync"

// Partition holds the rows of the address pairs with some hashes. Tables
// are cut into partitions so that growing, merging and answering need little
// memory beside the table itself.
type Partition struct {
	mu    sync.Mutex // while workers add
	Rows  Slab
	index []uint64 // upper half: of the key's hash; lower half: row number + 1; 0 is free
	ports ports
}

// find returns the row with the key of k, which it adds if there is none.
func (p *Partition) find(k *Key, hash uint32, free *Pool) (n int, added bool) {
	if p.Rows.N*4 >= len(p.index)*3 {
		p.grow()
	}
	mask := uint64(len(p.index) - 1)
	tag := uint64(hash) << 32
	for i := uint64(hash) & mask; ; i = (i + 1) & mask {
		e := p.index[i]
		if e == 0 {
			n, r := p.Rows.next(free)
			*r = Row{}
			r.Src, r.Dst = k.Src, k.Dst
			r.Context, r.Port, r.Proto = k.Context, k.Port, k.Proto
			r.First, r.Last = NoFirst, NoLast
			p.index[i] = tag | uint64(n+1)
			return n, true
		}
		if e&^0xffffffff == tag {
			if n := int(uint32(e)) - 1; p.Rows.At(n).Key.is(k) {
				return n, false
			}
		}
	}
}

func (p *Partition) grow() { p.rehash(make([]uint64, max(64, 2*len(p.index)))) }

// rehash moves the index into free slots.
func (p *Partition) rehash(free []uint64) {
	old := p.index
	p.index = free
	mask := uint64(len(p.index) - 1)
	for _, e := range old {
		if e == 0 {
			continue
		}
		i := e >> 32 & mask // the upper half is what find begins with
		for p.index[i] != 0 {
			i = (i + 1) & mask
		}
		p.index[i] = e
	}
}

// What a row and a further source port take of memory, in shares.
const (
	rowShares  = 8
	portShares = 1
)

// used is how much memory p takes, in shares of a row.
func (p *Partition) used() int { return p.Rows.N*rowShares + p.ports.n*portShares }

// warm loads what count will need of the index, of the rows and of the ports,
// so that a batch waits for memory thrice and not thrice per record.
func (p *Partition) warm(b []entry) (sink uint64) {
	if len(p.index) == 0 {
		return 0
	}
	var found [32]uint64
	mask := uint64(len(p.index) - 1)
	for i := range b {
		found[i&31] = p.index[uint64(b[i].hash)&mask]
	}
	for i := range b {
		n := int(uint32(found[i&31])) - 1
		if n < 0 {
			continue
		}
		r := p.Rows.At(n)
		sink += r.Src.Lo + uint64(r.Marks)
		if len(p.ports.slots) > 0 {
			sink += p.ports.slots[p.ports.home(portOf(uint32(n), b[i].srcPort))]
		}
	}
	return sink
}

// count adds a record to its row.
func (p *Partition) count(e *entry, free *Pool) {
	n, _ := p.find(&e.key, e.hash, free)
	p.Rows.At(n).count(e)
	p.addFlow(n, e.srcPort)
	if e.frames != (FrameBytes{}) {
		p.Rows.AddFrames(n, e.frames)
	}
}

// addFlow counts the source port of row n unless it was counted before.
func (p *Partition) addFlow(n int, port uint16) {
	r := p.Rows.At(n)
	if r.Flows == 0 {
		r.Flows, r.srcPort = 1, port
		return
	}
	if r.srcPort != port && p.ports.add(uint32(n), port) {
		r.Flows++
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
	v := portOf(row, port)
	i := s.slot(v)
	if s.slots[i] == v {
		return false
	}
	s.slots[i] = v
	s.n++
	return true
}

// portOf is the entry of a port; none is 0.
func portOf(row uint32, port uint16) uint64 { return (uint64(row)<<16 | uint64(port)) + 1 }

// home is the slot at which the search for v begins.
func (s *ports) home(v uint64) uint64 { return Mix(v, Seeds[0]) & uint64(len(s.slots)-1) }

// slot returns where v is or belongs.
func (s *ports) slot(v uint64) uint64 {
	mask := uint64(len(s.slots) - 1)
	i := s.home(v)
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
func (p *Partition) borrow(from *Partition) {
	if len(from.index) > len(p.index) {
		p.rehash(from.index)
	}
	if len(from.ports.slots) > len(p.ports.slots) {
		p.ports.rehash(from.ports.slots)
	}
}

// Lend gives the tables of an empty partition to the next one.
func (p *Partition) Lend(to *Partition) {
	to.index, to.ports = p.index, p.ports
	p.index, p.ports = nil, ports{}
}
