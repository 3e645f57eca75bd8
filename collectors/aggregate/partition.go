package aggregate

import (
	"sync"

	"flowctl/collectors/table"
)

// Partition holds the rows of the address pairs with some hashes. Tables
// are cut into partitions so that growing, merging and answering need little
// memory beside the table itself.
type Partition struct {
	mu    sync.Mutex // while workers add
	Rows  Slab
	index table.Index
}

// find returns the row with the key of k, which it adds if there is none.
func (p *Partition) find(k *Key, hash uint32, free *Pool) int {
	p.index.Reserve(1)
	for n, at := p.index.First(hash); n >= 0; n, at = p.index.Next(hash, at) {
		if p.Rows.At(n).Key.is(k) {
			return n
		}
	}
	n, r := p.Rows.next(free)
	*r = Row{}
	r.Src, r.Dst = k.Src, k.Dst
	r.Context, r.Port, r.SrcPort, r.Proto = k.Context, k.Port, k.SrcPort, k.Proto
	r.First, r.Last, r.Flows = NoFirst, NoLast, 1
	p.index.Put(hash, n)
	return n
}

// warm loads what count will need of the index and of the rows, so that a batch
// waits for memory twice and not twice per record.
func (p *Partition) warm(b []entry) (sink uint64) {
	var found [32]int
	for i := range b {
		found[i&31] = p.index.Peek(b[i].hash)
	}
	for i := range b {
		if n := found[i&31]; n >= 0 {
			r := p.Rows.At(n)
			sink += r.Src.Lo + uint64(r.Marks)
		}
	}
	return sink
}

// count adds a record to its row.
func (p *Partition) count(e *entry, free *Pool) {
	n := p.find(&e.key, e.hash, free)
	p.Rows.At(n).count(e)
	if e.frames != (FrameBytes{}) {
		p.Rows.AddFrames(n, e.frames)
	}
}

// PassIndex gives the index of an empty partition to the next one.
func (p *Partition) PassIndex(to *Partition) {
	to.index, p.index = p.index, table.Index{}
}
