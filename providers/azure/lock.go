package azure

import (
	"context"
	"sync"
)

// keyedLock lets one holder per key through. Azure refuses writes to one
// Network Watcher that overlap (AnotherOperationInProgress), so each watcher
// is a key. The zero value is ready.
type keyedLock struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits for key and returns how to give it back, or ctx's error.
func (l *keyedLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	token := l.token(key)
	select {
	case token <- struct{}{}:
		return func() { <-token }, nil
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
