package aggregate

import "sync"

// Partition holds the rows of the address pairs with some hashes. Tables
// are cut into partitions so that growing, merging and answering need little
// memory beside the table itself.
type Partition struct {
	mu    sync.Mutex // while workers add
	Rows  Slab
	index []uint64 // upper half: of the key's hash; lower half: row number + 1; 0 is free
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
			r.Context, r.Port, r.SrcPort, r.Proto = k.Context, k.Port, k.SrcPort, k.Proto
			r.First, r.Last, r.Flows = NoFirst, NoLast, 1
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

// warm loads what count will need of the index and of the rows, so that a batch
// waits for memory twice and not twice per record.
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
	}
	return sink
}

// count adds a record to its row.
func (p *Partition) count(e *entry, free *Pool) {
	n, _ := p.find(&e.key, e.hash, free)
	p.Rows.At(n).count(e)
	if e.frames != (FrameBytes{}) {
		p.Rows.AddFrames(n, e.frames)
	}
}

// borrow takes over the tables of an empty partition where they are larger.
func (p *Partition) borrow(from *Partition) {
	if len(from.index) > len(p.index) {
		p.rehash(from.index)
	}
}

// Lend gives the tables of an empty partition to the next one.
func (p *Partition) Lend(to *Partition) {
	to.index, p.index = p.index, nil
}
