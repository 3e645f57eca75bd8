package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"flowctl/plan"
)

// leaseLock is a lease that is renewed in the background.
type leaseLock struct {
	store plan.Store
	id    string
	end   context.CancelFunc
	done  chan struct{}

	mu      sync.Mutex
	renewed time.Time
	lost    bool
}

func newLeaseLock(ctx context.Context, store plan.Store, id string) *leaseLock {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // a run that is interrupted still saves
	l := &leaseLock{store: store, id: id, end: cancel, done: make(chan struct{}), renewed: time.Now()}
	go l.keep(ctx)
	return l
}

func (l *leaseLock) keep(ctx context.Context) {
	defer close(l.done)
	t := time.NewTicker(renewTime)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			_ = l.renew(ctx) // Hold tells
		}
	}
}

// Hold renews the lease if it could be about to end.
func (l *leaseLock) Hold(ctx context.Context) error {
	l.mu.Lock()
	fresh := !l.lost && time.Since(l.renewed) < renewTime/2
	l.mu.Unlock()
	if fresh {
		return nil
	}
	return l.renew(ctx)
}

// Lost reports whether somebody else is known to have the lease.
func (l *leaseLock) Lost() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

func (l *leaseLock) renew(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return ErrLost
	}
	asked := time.Now()
	err := l.store.Renew(ctx, lockBlob, l.id)
	switch {
	case err == nil:
		l.renewed = asked
		return nil
	case errors.Is(err, plan.ErrLeased), errors.Is(err, plan.ErrNotFound):
		l.lost = true
		return ErrLost
	case time.Since(l.renewed) > leaseTime:
		return errors.Join(ErrLost, err) // it may be renewed once storage answers again
	}
	return fmt.Errorf("renew the lock on the state: %w", err)
}

// Release gives the lease back.
func (l *leaseLock) Release() {
	l.end()
	<-l.done
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = l.store.Release(ctx, lockBlob, l.id) // it ends by itself
}
