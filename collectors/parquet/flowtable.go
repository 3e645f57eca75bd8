package parquet

import (
	"math/bits"
	"math/rand/v2"
)

// flowTable numbers the flows of a row group. A flow is known by the places of
// its addresses and ports in their dictionaries and the number of its context.
type flowTable struct {
	seed  [2]uint64 // so that nobody can make up flows that share a slot
	slots []flowKey // the number of the flow + 1 is in the upper bits of ports
	keys  []flowKey // by number
	sums  []flowSum
}

// flowKey is a flow: source, destination and context in one word, ports in the
// other.
type flowKey struct{ addresses, ports uint64 }

// flowSum adds up a flow, in a cache line.
type flowSum struct {
	counters        [4]uint64 // packets and IP bytes sent, the same received
	first, last     int64     // microseconds
	records, begins uint32
	span            uint32
	measured, ended bool
}

// The bits of a flowKey.
const (
	placeBits  = rowBits + 1 // of an address or a port: as many as a row group has rows, and none
	placeMask  = 1<<placeBits - 1
	numberBits = 2 * placeBits // where the number is in flowKey.ports
)

func newFlowTable() flowTable {
	return flowTable{seed: [2]uint64{rand.Uint64(), rand.Uint64()}, slots: make([]flowKey, 1<<12)}
}

func (t *flowTable) reset() {
	clear(t.slots)
	t.keys, t.sums = t.keys[:0], t.sums[:0]
}

func (t *flowTable) hash(k flowKey) uint64 {
	hi, lo := bits.Mul64(k.addresses^t.seed[0], k.ports^t.seed[1])
	return hi ^ lo
}

// find returns the number of a flow, and whether it is new.
func (t *flowTable) find(k flowKey, hash uint64) (number uint32, added bool) {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		e := &t.slots[i]
		switch {
		case e.ports == 0:
			return t.add(k, i), true
		case e.addresses == k.addresses && e.ports&(1<<numberBits-1) == k.ports:
			return uint32(e.ports>>numberBits - 1), false
		}
	}
}

// add adds a flow, whose slot is at. Half of the slots stay free.
func (t *flowTable) add(k flowKey, at uint64) uint32 {
	n := uint32(len(t.keys))
	t.keys, t.sums = append(t.keys, k), append(t.sums, flowSum{})
	t.slots[at] = k.numbered(n)
	if 2*len(t.keys) > len(t.slots) {
		t.grow()
	}
	return n
}

// numbered is a key with the number of its flow.
func (k flowKey) numbered(n uint32) flowKey {
	return flowKey{k.addresses, k.ports | uint64(n+1)<<numberBits}
}

func (t *flowTable) grow() {
	t.slots = make([]flowKey, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for n, k := range t.keys {
		at := t.hash(k) & mask
		for t.slots[at].ports != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = k.numbered(uint32(n))
	}
}
