package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"sync"
	"time"

	"flowctl/plan"
)

// Remote keeps the ledger in blobs, so that any machine goes on where another
// stopped. A lease is the lock; versions keep a run that lost it from writing.
type Remote struct {
	Store   plan.Store
	Place   string // for people: account, container, prefix
	History int    // how many earlier ledgers are kept
	Seal    *Seal  // nil: not encrypted

	mu   sync.Mutex
	etag string // of the ledger that was read or written last
}

const (
	ledgerBlob  = "state.json"
	lockBlob    = "lock"
	historyRoot = "history/"
	resultsRoot = "results/"

	leaseTime = time.Minute // Azure allows 15 to 60 seconds
	renewTime = leaseTime / 3
)

// Where says where the blobs are.
func (r *Remote) Where() string { return r.Place }

// Read returns the ledger and remembers its version.
func (r *Remote) Read(ctx context.Context) (Ledger, error) {
	b, etag, err := r.Store.Get(ctx, ledgerBlob)
	if errors.Is(err, plan.ErrNotFound) {
		r.remember("")
		return New(), nil
	}
	if err != nil {
		return Ledger{}, fmt.Errorf("read state: %w", err)
	}
	if b, err = r.Seal.open(ctx, r.Store, b); err != nil {
		return Ledger{}, fmt.Errorf("read state %s: %w", r.Place, err)
	}
	r.remember(etag)
	return Decode(r.Place, b)
}

func (r *Remote) remember(etag string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.etag = etag
}

// Write replaces the ledger if it is still the one that was read.
func (r *Remote) Write(ctx context.Context, l Ledger) (Ledger, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := l.follow()
	b, err := next.Encode()
	if err != nil {
		return l, err
	}
	if b, err = r.Seal.close(ctx, r.Store, b); err != nil {
		return l, fmt.Errorf("write state %s: %w", r.Place, err)
	}
	etag, err := r.Store.Put(ctx, ledgerBlob, b, plan.Condition{ETag: r.etag, New: r.etag == ""})
	if errors.Is(err, plan.ErrChanged) {
		return l, ErrStale
	}
	if err != nil {
		return l, fmt.Errorf("write state: %w", err)
	}
	r.etag = etag
	return next, r.keepVersion(ctx, next.Serial, b)
}

// keepVersion keeps the ledger with its number, and deletes the one that is
// too old by now.
func (r *Remote) keepVersion(ctx context.Context, serial int, b []byte) error {
	if r.History <= 0 {
		return nil
	}
	if _, err := r.Store.Put(ctx, version(serial), b, plan.Condition{}); err != nil {
		return fmt.Errorf("keep the state's history: %w", err)
	}
	if serial <= r.History {
		return nil
	}
	if err := r.Store.Delete(ctx, version(serial-r.History)); err != nil {
		return fmt.Errorf("keep the state's history: %w", err)
	}
	return nil
}

func version(serial int) string { return fmt.Sprintf("%s%010d.json", historyRoot, serial) }

// Versions lists the numbers of the ledgers that are kept, oldest first.
func (r *Remote) Versions(ctx context.Context) ([]int, error) {
	names, err := r.Store.Names(ctx, historyRoot)
	if err != nil {
		return nil, fmt.Errorf("list the state's history: %w", err)
	}
	var out []int
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(path.Base(name), "%d.json", &n); err == nil {
			out = append(out, n)
		}
	}
	return out, nil
}

// Version reads one that is kept.
func (r *Remote) Version(ctx context.Context, serial int) (Ledger, error) {
	b, _, err := r.Store.Get(ctx, version(serial))
	if err == nil {
		b, err = r.Seal.open(ctx, r.Store, b)
	}
	if err != nil {
		return Ledger{}, fmt.Errorf("read version %d of the state: %w", serial, err)
	}
	return Decode(fmt.Sprintf("%s, version %d", r.Place, serial), b)
}

// Keep stores a file of results.
func (r *Remote) Keep(ctx context.Context, name string, b []byte) error {
	b, err := r.Seal.close(ctx, r.Store, b)
	if err == nil {
		_, err = r.Store.Put(ctx, resultsRoot+name, b, plan.Condition{})
	}
	if err != nil {
		return fmt.Errorf("keep %s with the state: %w", name, err)
	}
	return nil
}

// Kept reads a file of results.
func (r *Remote) Kept(ctx context.Context, name string) ([]byte, error) {
	b, _, err := r.Store.Get(ctx, resultsRoot+name)
	if err == nil {
		b, err = r.Seal.open(ctx, r.Store, b)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s from the state: %w", name, err)
	}
	return b, nil
}

// Drop removes a file of results.
func (r *Remote) Drop(ctx context.Context, name string) error {
	if err := r.Store.Delete(ctx, resultsRoot+name); err != nil {
		return fmt.Errorf("remove %s from the state: %w", name, err)
	}
	return nil
}

// KeptNames lists files of results.
func (r *Remote) KeptNames(ctx context.Context, prefix string) ([]string, error) {
	names, err := r.Store.Names(ctx, resultsRoot+prefix)
	if err != nil {
		return nil, fmt.Errorf("list results in the state: %w", err)
	}
	for i, name := range names {
		names[i] = name[len(resultsRoot):]
	}
	return names, nil
}

// Lock takes the lease, and renews it until it is given back. A process that
// is killed loses it within a minute.
func (r *Remote) Lock(ctx context.Context, operation string) (Lock, error) {
	h := Myself(operation)
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	if _, err := r.Store.Put(ctx, lockBlob, []byte("{}"), plan.Condition{New: true}); err != nil && !errors.Is(err, plan.ErrChanged) && !errors.Is(err, plan.ErrLeased) {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	id, err := r.Store.Lease(ctx, lockBlob, leaseTime)
	if errors.Is(err, plan.ErrLeased) {
		return nil, &LockedError{r.Place, signed(ctx, r.holder)}
	}
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	if _, err := r.Store.Put(ctx, lockBlob, b, plan.Condition{Lease: id}); err != nil {
		return nil, errors.Join(fmt.Errorf("lock state: %w", err), r.Store.Release(ctx, lockBlob, id))
	}
	return newLeaseLock(ctx, r.Store, id), nil
}

func (r *Remote) holder(ctx context.Context) Holder {
	var h Holder
	if b, _, err := r.Store.Get(ctx, lockBlob); err == nil {
		json.Unmarshal(b, &h)
	}
	return h
}

// Unlock breaks the lease.
func (r *Remote) Unlock(ctx context.Context) (Holder, bool, error) {
	id, err := r.Store.Lease(ctx, lockBlob, leaseTime)
	switch {
	case err == nil:
		return Holder{}, false, r.Store.Release(ctx, lockBlob, id)
	case errors.Is(err, plan.ErrNotFound):
		return Holder{}, false, nil
	case !errors.Is(err, plan.ErrLeased):
		return Holder{}, false, fmt.Errorf("unlock state: %w", err)
	}
	h := r.holder(ctx)
	if err := r.Store.Break(ctx, lockBlob); err != nil {
		return h, true, fmt.Errorf("unlock state: %w", err)
	}
	return h, true, r.touch(ctx)
}

// touch gives the ledger another version: a holder whose lock was broken, and who
// does not know yet, cannot write it any more.
func (r *Remote) touch(ctx context.Context) error {
	for range 5 { // it may be writing just now
		b, etag, err := r.Store.Get(ctx, ledgerBlob)
		if errors.Is(err, plan.ErrNotFound) {
			return nil
		}
		if err == nil {
			_, err = r.Store.Put(ctx, ledgerBlob, b, plan.Condition{ETag: etag})
		}
		if !errors.Is(err, plan.ErrChanged) {
			if err != nil {
				err = fmt.Errorf("unlock state: %w", err)
			}
			return err
		}
	}
	return fmt.Errorf("unlock state: its holder goes on writing: end that process first")
}
