package meter

import "sync/atomic"

// chunk is some packets in the order of the file. It goes to everybody who
// works on a part.
type chunk struct {
	list    [64]observed
	n       int
	readers atomic.Int32 // who have not yet been through it
}

// mask is a set of parts, as bits.
type mask uint32

// worker is one of the goroutines that count packets.
type worker struct {
	parts  *[parts]part
	out    *exporter
	mine   [64]uint8  // numbers in a chunk of the packets to count
	slots  [64]uint32 // of them
	chunks int
	sink   uint64 // keeps loads alive that only warm the cache
}

// take adds the packets of c up whose parts are in those. Memory is the
// bottleneck of tables that are larger than the cache, so all that is needed is
// touched before the first is used.
func (w *worker) take(c *chunk, those mask) {
	mine := w.choose(c, those)
	for k, i := range mine {
		o := &c.list[i]
		t := &w.parts[partOf(o.hash)].table
		w.slots[k&63] = t.slots[o.hash&t.mask]
	}
	for k, i := range mine {
		o := &c.list[i&63]
		w.sink += w.parts[partOf(o.hash)].table.warm(w.slots[k&63], o.key.rest)
	}
	for _, i := range mine {
		o := &c.list[i&63]
		w.parts[partOf(o.hash)].add(o, w.out)
	}
	if w.chunks++; w.chunks%sweepEvery == 0 {
		for i := range w.parts {
			if those&(1<<i) != 0 {
				w.parts[i].sweep(w.out)
			}
		}
	}
}

// sweepEvery is how many chunks are counted between two looks at what to sweep.
const sweepEvery = 16

// choose returns the numbers of the packets of c whose parts are in those.
func (w *worker) choose(c *chunk, those mask) []uint8 {
	n := uint(0)
	for i := range c.list[:c.n] {
		w.mine[n&63] = uint8(i)
		n += uint(those>>partOf(c.list[i].hash)) & 1
	}
	return w.mine[:n]
}
