package identity

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// bytesPerSlot is the size of a slot.
const bytesPerSlot = 24

// page is the records of one log and hour.
type page struct {
	mu      sync.Mutex
	slots   []slot
	count   int
	sources []string // that hold records of the page
	numbers map[string]uint32
	held    *atomic.Int64 // slots of all pages of the set
	gone    bool          // it went to the file
	used    uint64        // when it was asked for, by the set's clock
}

// slot is a record and the first source by name that holds it.
type slot struct {
	hash   [2]uint64 // not both 0, or the slot is free
	source uint32
	views  uint32 // number of the set of those in which it was counted
}

// seeds differ from process to process, as those of the content do.
var seeds = [3]uint64{rand.Uint64() | 1, rand.Uint64() | 1, rand.Uint64() | 1}

// hashOf is a hash of what the page does not say of a record.
func hashOf(id flow.RecordID) [2]uint64 {
	place := uint64(id.Point)<<32 ^ uint64(id.Minute)
	h := [2]uint64{mix(id.Content[0]^seeds[0], place^seeds[1]) ^ id.Content[1], mix(id.Content[1]^seeds[1], place^seeds[2])}
	if h == [2]uint64{} {
		h[0] = 1
	}
	return h
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
func (p *page) meet(n slot) (old slot, again bool) {
	if p.count*4 >= len(p.slots)*3 {
		p.grow()
	}
	s := p.find(n.hash)
	if s.hash == n.hash {
		old = *s
		if p.sources[n.source] < p.sources[old.source] {
			s.source = n.source
		}
		return old, true
	}
	*s = n
	p.count++
	return slot{}, false
}

// find returns the slot of a record, or the free one where it belongs.
func (p *page) find(hash [2]uint64) *slot {
	mask := uint64(len(p.slots) - 1)
	for i := hash[0] & mask; ; i = (i + 1) & mask {
		if s := &p.slots[i]; s.hash == hash || s.hash == [2]uint64{} {
			return s
		}
	}
}

func (p *page) grow() {
	old := p.slots
	p.slots = make([]slot, max(64, 2*len(old)))
	p.held.Add(int64(len(p.slots) - len(old)))
	for _, s := range old {
		if s.hash != [2]uint64{} {
			*p.find(s.hash) = s
		}
	}
}

// records returns the slots that are in use.
func (p *page) records() []slot {
	return slices.DeleteFunc(slices.Clone(p.slots), func(s slot) bool { return s.hash == [2]uint64{} })
}
