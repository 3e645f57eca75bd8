package arm

import (
	"net/http"
	"sync"
	"time"

	"flowctl/plan"
)

// memories are states that reads go on to see for a while after a write.
type memories struct {
	mu  sync.Mutex
	all []memory
}

type memory struct {
	id    plan.ID // what was written
	state *State  // before that
	until time.Time
}

func (m *memories) add(id plan.ID, before *State, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, memory{id, before, until})
}

// of returns what a read of id sees at now, or nil for the state as it is.
func (m *memories) of(id plan.ID, now time.Time) *State {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.all[:0]
	for _, x := range m.all {
		if now.Before(x.until) {
			kept = append(kept, x)
		}
	}
	m.all = kept
	for _, x := range m.all {
		// Lists are called by what holds them.
		if id.Is(x.id) || id != "" && id.Is(x.id.Parent()) {
			return x.state
		}
	}
	return nil
}

// State is what the request sees: for reads of something that was written a
// moment ago it may be what was there before. It hides the server's own.
func (q *request) State() (*State, error) {
	reads := q.r.Method == http.MethodGet || q.r.Method == http.MethodHead
	if reads && q.asked.thing != "operation" {
		if st := q.stale.of(q.asked.id, q.now); st != nil {
			return st, nil
		}
	}
	return q.Server.State()
}
