package collectors

import (
	"fmt"
	"sync"

	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

// again counts what captures have more than once: packets that passed several
// interfaces of one machine.
type again struct {
	mu       sync.Mutex
	captures int
	flow.Count
}

func (a *again) add(s *flow.Source) {
	if s.Again.Packets == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.captures += max(1, s.AgainIn)
	a.Add(s.Again)
}

func (a *again) coverage() []summary.Coverage {
	if a.Packets == 0 {
		return nil
	}
	captures := fmt.Sprintf("%d captures", a.captures)
	if a.captures == 1 {
		captures = "1 capture"
	}
	return []summary.Coverage{{Code: "packets-at-several-interfaces", Text: fmt.Sprintf(
		"In %s, packets that passed several interfaces of a machine were recorded at each of them. They count once: %d recorded packets with %d bytes of IP were left out.",
		captures, a.Packets, a.IPBytes)}}
}
