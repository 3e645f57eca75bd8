package meter

import (
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// workerPool shares the work between the goroutine that reads and those that help.
// Chunks wait in a ring until every part had its packets out of them. Whoever
// has nothing to do takes the part that is furthest behind; the goroutine that
// reads does so when the ring is full. So the load balances itself, and a part
// has its packets in their order, whoever it is with.
type workerPool struct {
	stamp   flow.Record
	parts   [parts]part
	main    *exporter
	more    func() (flow.Sink, bool)
	asked   int // chunks since more was last asked
	helpers int
	stopped atomic.Bool

	mu     sync.Mutex // of what follows
	ring   [depth]*chunk
	head   uint64        // chunks that ever were in the ring
	done   [parts]uint64 // how many of them a part has had
	busy   mask          // parts that are with somebody
	ended  bool          // there will be no more chunks
	work   sync.Cond     // a chunk came, or the end
	room   sync.Cond     // a part was done with some chunks
	closed int           // parts that were taken to be ended
	end    func(*part, *exporter)
	wg     sync.WaitGroup
}

// mask is a set of parts, as bits.
type mask uint32

const (
	depth    = 32 // chunks in the ring
	turn     = 4  // chunks that a part is taken for
	askAgain = 64 // chunks between two questions for a further sink
)

func (c *workerPool) init(seed uint64, stamp flow.Record, to flow.Workers) {
	c.stamp, c.more = stamp, to.More
	c.main = newExporter(stamp, to.Main, &c.stopped)
	c.work.L, c.room.L = &c.mu, &c.mu
	for i := range c.parts {
		c.parts[i].init(seed)
	}
}

// take has the packets of k counted, and returns another chunk to fill.
func (c *workerPool) take(k *chunk) *chunk {
	if c.asked++; c.asked > askAgain && c.helpers < parts-1 {
		c.asked = 0
		c.engage()
	}
	if c.helpers > 0 {
		return c.share(k)
	}
	for i := range c.parts {
		c.parts[i].take(k, i, c.main)
	}
	k.clear()
	return k
}

// share puts k into the ring and returns the chunk that leaves it.
func (c *workerPool) share(k *chunk) *chunk {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(k)
	for c.head-c.least() >= depth {
		if !c.some(c.main) {
			c.room.Wait()
		}
	}
	if k = c.ring[c.head%depth]; k == nil {
		return &chunk{}
	}
	k.clear()
	return k
}

func (c *workerPool) put(k *chunk) {
	c.ring[c.head%depth] = k
	c.head++
	c.work.Signal()
}

// least is how many chunks all parts have had.
func (c *workerPool) least() uint64 {
	n := c.done[0]
	for _, d := range c.done[1:] {
		n = min(n, d)
	}
	return n
}

// some takes the part that is furthest behind a few chunks on. It reports false
// if there is none that is with nobody. The lock is held, but not all the time.
func (c *workerPool) some(out *exporter) bool {
	i, from := -1, c.head
	for k, d := range c.done {
		if c.busy&(1<<k) == 0 && d < from {
			i, from = k, d
		}
	}
	if i < 0 {
		return false
	}
	to := min(c.head, from+turn)
	c.busy |= 1 << i
	c.mu.Unlock()
	for n := from; n < to; n++ {
		c.parts[i].take(c.ring[n%depth], i, out)
	}
	c.mu.Lock()
	c.busy &^= 1 << i
	c.done[i] = to
	c.room.Signal()
	return true
}

// engage starts a helper if there is a sink for it.
func (c *workerPool) engage() {
	s, ok := c.more()
	if !ok {
		return
	}
	c.helpers++
	c.wg.Go(func() {
		out := newExporter(c.stamp, s.Add, &c.stopped)
		c.help(out)
		c.close(out)
		s.Done()
	})
}

// help works until there will be no more chunks.
func (c *workerPool) help(out *exporter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.ended {
		if !c.some(out) {
			c.work.Wait()
		}
	}
}

// renew has the records that come go elsewhere, after finish.
func (c *workerPool) renew(to flow.Workers) {
	c.more, c.main = to.More, newExporter(c.stamp, to.Main, &c.stopped)
	c.ended, c.closed, c.helpers, c.asked = false, 0, 0, 0
}

// finish has the last chunk counted, ends all parts and waits for all who help.
func (c *workerPool) finish(k *chunk, end func(*part, *exporter)) {
	c.end = end
	c.mu.Lock()
	c.put(k)
	for c.least() < c.head {
		if !c.some(c.main) {
			c.room.Wait()
		}
	}
	c.ended = true
	c.work.Broadcast()
	c.mu.Unlock()
	c.close(c.main)
	c.wg.Wait()
}

// close ends all parts that nobody else does.
func (c *workerPool) close(out *exporter) {
	for i := c.next(); i < parts; i = c.next() {
		c.end(&c.parts[i], out)
	}
	out.send()
}

// next is the number of a part to end.
func (c *workerPool) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed++
	return c.closed - 1
}
