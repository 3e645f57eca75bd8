package meter

import (
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// crew shares the work on parts between the goroutine that reads and those
// that help. A part is with one of them at a time, which keeps its packets in
// order. It goes to a helper that has nothing to do, and comes back when the
// helper falls behind: so the load balances itself.
type crew struct {
	stamp   flow.Record
	own     *exporter
	lend    func() (Sink, bool)
	helpers []*helper
	wg      sync.WaitGroup
	free    chan *packets
	drained chan struct{} // closed when all packets are counted
	parts   chan *part    // that are to be closed
	stopped atomic.Bool
	taken   int // blocks since lend was last asked
}

// helper is a goroutine that works on the parts it is given.
type helper struct {
	jobs chan *packets
}

const (
	backlog  = 16 // blocks that wait for a helper
	askAgain = 64 // blocks between two questions for a further sink
)

func (c *crew) init(stamp flow.Record, own func(flow.Batch) bool, lend func() (Sink, bool)) {
	c.stamp, c.lend = stamp, lend
	c.own = newExporter(stamp, own, &c.stopped)
	c.free = make(chan *packets, parts*backlog)
	c.drained, c.parts = make(chan struct{}), make(chan *part, parts)
	c.taken = askAgain
}

// take counts the packets that wait for p, or has them counted.
func (c *crew) take(p *part) {
	if c.taken++; c.taken > askAgain && len(c.helpers) < parts-1 {
		c.taken = 0
		c.engage()
	}
	if p.helper == nil {
		p.helper = c.idle()
	}
	if p.helper == nil {
		p.take(p.waiting.list[:p.waiting.n], c.own)
		p.waiting.n = 0
		return
	}
	p.busy.Add(1)
	select {
	case p.helper.jobs <- p.waiting:
		p.waiting = c.spare(p)
	default:
		p.busy.Done()
		p.busy.Wait()
		p.helper = nil
		p.take(p.waiting.list[:p.waiting.n], c.own)
		p.waiting.n = 0
	}
}

// engage starts a helper if there is a sink for it.
func (c *crew) engage() {
	s, ok := c.lend()
	if !ok {
		return
	}
	h := &helper{jobs: make(chan *packets, backlog)}
	c.helpers = append(c.helpers, h)
	c.wg.Go(func() {
		out := newExporter(c.stamp, s.Add, &c.stopped)
		for b := range h.jobs {
			b.part.take(b.list[:b.n], out)
			b.n = 0
			b.part.busy.Done()
			select {
			case c.free <- b:
			default:
			}
		}
		<-c.drained
		c.close(out)
		s.Done()
	})
}

// idle returns a helper that has nothing to do.
func (c *crew) idle() *helper {
	for _, h := range c.helpers {
		if len(h.jobs) == 0 {
			return h
		}
	}
	return nil
}

// spare returns room for packets of p.
func (c *crew) spare(p *part) *packets {
	select {
	case b := <-c.free:
		b.part = p
		return b
	default:
		return &packets{part: p}
	}
}

// finish counts the packets that are left and closes all parts.
func (c *crew) finish(all *[parts]part) {
	for i := range all {
		p := &all[i]
		p.busy.Wait()
		p.take(p.waiting.list[:p.waiting.n], c.own)
		p.waiting.n = 0
		c.parts <- p
	}
	close(c.parts)
	close(c.drained)
	for _, h := range c.helpers {
		close(h.jobs)
	}
	c.close(c.own)
	c.wg.Wait()
}

// close exports all parts that nobody else does.
func (c *crew) close(out *exporter) {
	for p := range c.parts {
		p.close(out)
	}
	out.send()
}
