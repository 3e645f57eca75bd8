package collectors

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// How much of the memory in use may be garbage: a fifth, in percent, and
// where little is in use some MiB in any case. What is kept holds hardly a
// pointer, so that to collect often costs nothing; but of very many small
// files little is kept, and what is not would be collected all the time.
const (
	garbage      = 20
	leastGarbage = 32 << 20
)

// collection sees to that after each cycle of the garbage collector.
type collection struct {
	mu      sync.Mutex
	percent int
	over    bool
}

// boundGarbage bounds garbage until the function that it returns is called.
func boundGarbage() (restore func()) {
	c := &collection{percent: garbage}
	before := debug.SetGCPercent(garbage)
	c.adjust()
	runtime.SetFinalizer(&cycle{collection: c}, (*cycle).end)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.over = true
		debug.SetGCPercent(before)
	}
}

// cycle is garbage whenever nobody looks, so that it ends with each cycle.
type cycle struct {
	*collection
	_ [16]byte // not shared with other small objects
}

func (c *cycle) end() {
	if c.adjust() {
		runtime.SetFinalizer(c, (*cycle).end)
	}
}

// adjust follows what is in use. It reports whether that goes on.
func (c *collection) adjust() bool {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := allowed(live[0].Value.Uint64())
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over && percent != c.percent {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	return !c.over
}

// allowed is how much may be garbage while so many bytes are in use, in
// percent of them.
func allowed(live uint64) int {
	return max(garbage, int(leastGarbage*100/max(live, 1<<20)))
}
