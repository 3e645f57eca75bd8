package azure

import (
	"context"
	"sync"
	"time"
)

// keyedLock lets one holder per key through. Azure refuses writes to one
// Network Watcher that overlap (AnotherOperationInProgress), so each watcher
// is a key, and each machine whose extensions change. The zero value is ready.
type keyedLock struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// turn is the right to write under one key. It lasts for one attempt: who has
// to wait before the next one lets others through meanwhile.
type turn struct {
	token <-chan struct{}
	once  sync.Once
}

// end gives the right back. It may be called again.
func (t *turn) end() { t.once.Do(func() { <-t.token }) }

// lock waits for key, or returns ctx's error.
func (l *keyedLock) lock(ctx context.Context, key string) (*turn, error) {
	token := l.token(key)
	select {
	case token <- struct{}{}:
		return &turn{token: token}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *keyedLock) token(key string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[string]chan struct{}{}
	}
	if l.held[key] == nil {
		l.held[key] = make(chan struct{}, 1)
	}
	return l.held[key]
}

// turnKey marks the context of an attempt with its turn.
type turnKey struct{}

// under does one attempt while it is key's turn.
func (l *keyedLock) under(key string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		t, err := l.lock(ctx, key)
		if err != nil {
			return err
		}
		defer t.end()
		return do(context.WithValue(ctx, turnKey{}, t))
	}
}

// longTurn is how long an operation may keep others waiting. Those of Network
// Watcher take seconds; behind one that hangs, the others find out themselves
// whether Azure lets them through.
const longTurn = 2 * time.Minute

// yield ends the turn of an operation that began at began, if it had its time.
func yield(ctx context.Context, began, now time.Time) {
	if t, ok := ctx.Value(turnKey{}).(*turn); ok && now.Sub(began) > longTurn {
		t.end()
	}
}
