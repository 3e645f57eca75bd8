package meter

import (
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// crew shares the work between the goroutine that reads and those that help.
// Every part is with one of them, who takes its packets out of all chunks, in
// their order. Parts go to a helper that has nothing to do, and come back from
// one that cannot keep up: so the load balances itself.
type crew struct {
	stamp   flow.Record
	parts   [parts]part
	own     worker
	lend    func() (Sink, bool)
	helpers []*helper
	mine    mask // of the goroutine that reads
	free    chan *chunk
	taken   int // chunks since lend was last asked
	stopped atomic.Bool

	wg      sync.WaitGroup
	closing chan *part
	ready   chan struct{} // closed when closing is full
}

// helper is a goroutine that counts.
type helper struct {
	jobs   chan job
	parts  mask
	behind int // chunks in a row that had to wait
}

// job is a chunk, of which those parts are to be counted.
type job struct {
	chunk *chunk
	those mask
	done  *sync.WaitGroup // of a job without a chunk: what came before is done
}

const (
	backlog  = 32  // chunks that wait for a helper
	askAgain = 256 // chunks between two questions for a further sink
	patience = 8   // chunks that may wait before a helper is relieved
)

func (c *crew) init(seed uint64, stamp flow.Record, own func(flow.Batch) bool, lend func() (Sink, bool)) {
	c.stamp, c.lend, c.mine = stamp, lend, 1<<parts-1
	c.own = worker{parts: &c.parts, out: newExporter(stamp, own, &c.stopped)}
	c.free = make(chan *chunk, 2*backlog)
	c.closing, c.ready = make(chan *part, parts), make(chan struct{})
	for i := range c.parts {
		c.parts[i].init(seed)
	}
}

// take has the packets of k counted, and returns another chunk to fill.
func (c *crew) take(k *chunk) *chunk {
	if c.taken++; c.taken > askAgain && len(c.helpers) < parts-1 {
		c.taken = 0
		c.engage()
	}
	if len(c.helpers) == 0 {
		c.own.take(k, c.mine)
		k.n = 0
		return k
	}
	k.readers.Store(int32(len(c.helpers)) + 1)
	for _, h := range c.helpers {
		c.balance(h)
		h.jobs <- job{chunk: k, those: h.parts}
	}
	c.own.take(k, c.mine)
	c.release(k)
	return c.spare()
}

// balance gives h a part more if it waits for work, and takes one from it if
// it is late again and again.
func (c *crew) balance(h *helper) {
	switch len(h.jobs) {
	case 0:
		h.behind = 0
		if last := c.mine & -c.mine; last != 0 {
			c.mine &^= last
			h.parts |= last
		}
	case cap(h.jobs):
		if h.behind++; h.behind > patience && h.parts != 0 {
			h.behind = 0
			h.wait()
			first := h.parts & -h.parts
			h.parts &^= first
			c.mine |= first
		}
	default:
		h.behind = 0
	}
}

// wait waits until h has done all that it was given.
func (h *helper) wait() {
	var done sync.WaitGroup
	done.Add(1)
	h.jobs <- job{done: &done}
	done.Wait()
}

// engage starts a helper if there is a sink for it.
func (c *crew) engage() {
	s, ok := c.lend()
	if !ok {
		return
	}
	h := &helper{jobs: make(chan job, backlog)}
	c.helpers = append(c.helpers, h)
	c.wg.Go(func() {
		w := worker{parts: &c.parts, out: newExporter(c.stamp, s.Add, &c.stopped)}
		for j := range h.jobs {
			if j.done != nil {
				j.done.Done()
				continue
			}
			w.take(j.chunk, j.those)
			c.release(j.chunk)
		}
		<-c.ready
		c.close(&w)
		s.Done()
	})
}

// release notes that one of its readers is done with k.
func (c *crew) release(k *chunk) {
	if k.readers.Add(-1) > 0 {
		return
	}
	k.n = 0
	select {
	case c.free <- k:
	default:
	}
}

// spare returns a chunk that nobody reads.
func (c *crew) spare() *chunk {
	select {
	case k := <-c.free:
		return k
	default:
		return &chunk{}
	}
}

// finish closes all parts and waits for all who help.
func (c *crew) finish() {
	for _, h := range c.helpers {
		h.wait()
		close(h.jobs)
	}
	for i := range c.parts {
		c.closing <- &c.parts[i]
	}
	close(c.closing)
	close(c.ready)
	c.close(&c.own)
	c.wg.Wait()
}

// close exports all parts that nobody else does.
func (c *crew) close(w *worker) {
	for p := range c.closing {
		p.close(w.out)
	}
	w.out.send()
}
