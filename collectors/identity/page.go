package identity

import (
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
	"flowctl/collectors/table"
)

// page is the records of one log and hour.
type page struct {
	mu      sync.Mutex
	index   table.Index
	records []record
	sources []string // that hold records of the page
	numbers map[string]uint32
	held    *atomic.Int64 // bytes of all pages of the set
	gone    bool          // it went to the file
	used    uint64        // when it was asked for, by the set's clock
}

// record is what is known of one, and the first source by name that holds it.
type record struct {
	hash   [2]uint64
	source uint32
	views  uint32 // number of the set of those in which it was counted
}

// seeds differ from process to process, as those of the content do.
var seeds = [3]uint64{rand.Uint64() | 1, rand.Uint64() | 1, rand.Uint64() | 1}

// hashOf is a hash of what the page does not say of a record.
func hashOf(id flow.RecordID) [2]uint64 {
	place := uint64(id.Point)<<32 ^ uint64(id.Minute)
	return [2]uint64{mix(id.Content[0]^seeds[0], place^seeds[1]) ^ id.Content[1], mix(id.Content[1]^seeds[1], place^seeds[2])}
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// source returns the number of a source.
func (p *page) source(path string) uint32 {
	n, ok := p.numbers[path]
	if !ok {
		if p.numbers == nil {
			p.numbers = map[string]uint32{}
		}
		n = uint32(len(p.sources))
		p.numbers[path] = n
		p.sources = append(p.sources, path)
	}
	return n
}

// meet notes a record, and returns what was known of it before. The first source
// by name has it from now on.
func (p *page) meet(n record) (old record, again bool) {
	if r := p.find(n.hash); r != nil {
		old = *r
		if p.sources[n.source] < p.sources[old.source] {
			r.source = n.source
		}
		return old, true
	}
	before := p.bytes()
	p.index.Reserve(1)
	p.index.Put(uint32(n.hash[0]), len(p.records))
	p.records = append(p.records, n)
	p.held.Add(p.bytes() - before)
	return record{}, false
}

// find returns a record, or nil.
func (p *page) find(hash [2]uint64) *record {
	p.index.Reserve(1)
	for n, at := p.index.First(uint32(hash[0])); n >= 0; n, at = p.index.Next(uint32(hash[0]), at) {
		if r := &p.records[n]; r.hash == hash {
			return r
		}
	}
	return nil
}

// bytesPerRecord is the size of a record.
const bytesPerRecord = 24

// bytes is how much memory the records take.
func (p *page) bytes() int64 { return int64(p.index.Bytes() + bytesPerRecord*cap(p.records)) }
