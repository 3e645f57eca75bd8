package fault

import (
	"context"
	"sync"
	"time"

	"flowctl/providers/sandbox/internal/store"
)

// tally is when a world began and how often what was called in it. One in a
// folder is shared by all processes on it.
type tally struct {
	began time.Time
	file  *store.File[counts] // nil: in memory

	mu     sync.Mutex
	memory counts
}

type counts struct {
	Began  time.Time      `json:"began"`
	Calls  map[string]int `json:"calls,omitempty"`  // by fault, operation and thing
	Struck map[string]int `json:"struck,omitempty"` // by fault
}

func (n *counts) ready() {
	if n.Calls == nil {
		n.Calls = map[string]int{}
	}
	if n.Struck == nil {
		n.Struck = map[string]int{}
	}
}

func openTally(ctx context.Context, dir string, epoch time.Time) (*tally, error) {
	t := &tally{began: epoch}
	if dir == "" {
		t.memory.ready()
		return t, nil
	}
	f, err := store.Open[counts](dir, "faults.json")
	if err != nil {
		return nil, err
	}
	t.file = f
	err = f.Update(ctx, func(n *counts) error {
		if n.Began.IsZero() {
			n.Began = epoch.UTC()
		}
		t.began = n.Began
		return nil
	})
	return t, err
}

// update lets count work on the counts while nobody else does.
func (t *tally) update(ctx context.Context, count func(*counts)) error {
	if t.file == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		count(&t.memory)
		return nil
	}
	return t.file.Update(ctx, func(n *counts) error {
		n.ready()
		count(n)
		return nil
	})
}
