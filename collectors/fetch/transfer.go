package fetch

import (
	"context"
	"sync"

	"flowctl/collectors/storage"
	"flowctl/plan/session"
)

// How many files of a run are brought at a time: first, and at most. Each has
// a connection and a file open, and a buffer of 128 KiB.
const (
	firstLimit = 4
	mostLimit  = 64
)

// Transfer is what the fetches of one run share: how many requests are under
// way at the same time, and which files are being brought.
type Transfer struct {
	limiter *storage.Limiter

	mu       sync.Mutex
	bringing map[string]*bringing // by the file's place
}

// NewTransfer returns one for a run.
func NewTransfer() *Transfer {
	return &Transfer{limiter: storage.NewLimiter(firstLimit, mostLimit), bringing: map[string]*bringing{}}
}

// bringing is a file that is being brought.
type bringing struct {
	done chan struct{} // closed when what follows is set
	got  session.Artifact
	err  error
}

// fetchOnce does bring, unless another fetch does so for the same file now: then it
// waits and returns what came of that. Sessions that read one flow log may
// cover the same interface.
func (t *Transfer) fetchOnce(ctx context.Context, dest string, bring func() (session.Artifact, error)) (session.Artifact, error) {
	for {
		t.mu.Lock()
		other := t.bringing[dest]
		if other == nil {
			mine := &bringing{done: make(chan struct{})}
			t.bringing[dest] = mine
			t.mu.Unlock()
			mine.got, mine.err = bring()
			t.mu.Lock()
			delete(t.bringing, dest)
			t.mu.Unlock()
			close(mine.done)
			return mine.got, mine.err
		}
		t.mu.Unlock()
		select {
		case <-other.done:
		case <-ctx.Done():
			return session.Artifact{}, ctx.Err()
		}
		if other.err == nil {
			return other.got, nil
		}
	}
}
