package parquet

import (
	"math/bits"
	"math/rand/v2"

	"flowctl/collectors/table"
)

// flowTable numbers the flows of a row group. A flow is known by the slots of
// its addresses and ports in their dictionaries and the number of its context.
type flowTable struct {
	seed  [2]uint64 // so that nobody can make up flows that share a slot
	index table.Index
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
	interval        uint32
	measured, ended bool
}

// The bits of a flowKey.
const (
	placeBits = rowBits + 1 // of an address or a port: as many as a row group has rows, and none
	slotMask  = 1<<placeBits - 1
)

func newFlowTable() flowTable {
	return flowTable{seed: [2]uint64{rand.Uint64(), rand.Uint64()}}
}

func (t *flowTable) reset() {
	t.index.Reset()
	t.keys, t.sums = t.keys[:0], t.sums[:0]
}

func (t *flowTable) hash(k flowKey) uint32 {
	hi, lo := bits.Mul64(k.addresses^t.seed[0], k.ports^t.seed[1])
	return uint32(hi ^ lo)
}

// find returns the number of a flow, for which there is room, and whether it is
// new.
func (t *flowTable) find(k flowKey, hash uint32) (number int, added bool) {
	for n, at := t.index.First(hash); n >= 0; n, at = t.index.Next(hash, at) {
		if t.keys[n] == k {
			return n, false
		}
	}
	n := len(t.keys)
	t.keys, t.sums = append(t.keys, k), append(t.sums, flowSum{})
	t.index.Put(hash, n)
	return n, true
}
