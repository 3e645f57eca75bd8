package ledger

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"

	"flowctl/plan"
)

// Keeper lets several runs of one process save to one ledger side by side. The
// process holds the ledger's lock meanwhile.
type Keeper struct {
	mu      sync.Mutex
	backend Backend
	lock    Lock
	ledger  Ledger

	lost    error                      // this process may write no more
	leaving map[string]map[string]bool // investigations that are done with an account, by its key
}

// NewKeeper returns the keeper of a ledger that goes on from l.
func NewKeeper(b Backend, lock Lock, l Ledger) *Keeper {
	return &Keeper{backend: b, lock: lock, ledger: l}
}

// Hold makes sure that this process may write to Azure.
func (k *Keeper) Hold(ctx context.Context) error {
	if k.lock == nil {
		return nil
	}
	err := k.lock.Hold(ctx)
	if err == ErrLost { // not only unreachable
		k.mu.Lock()
		k.lost = err
		k.mu.Unlock()
	}
	return err
}

// Lost is why this process may write no more, as far as it knows: its lock was
// broken, or another run has written the ledger. Nil if it may.
func (k *Keeper) Lost() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l, ok := k.lock.(interface{ Lost() bool }); ok && k.lost == nil && l.Lost() {
		k.lost = ErrLost
	}
	return k.lost
}

// Backend is where the ledger is kept.
func (k *Keeper) Backend() Backend { return k.backend }

// Lineage tells this ledger from those of other machines. A new one gets it now.
func (k *Keeper) Lineage() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ledger.Lineage == "" {
		k.ledger.Lineage = uuid.NewString()
	}
	return k.ledger.Lineage
}

// Run returns what is remembered of an investigation; nil if nothing is.
func (k *Keeper) Run(name string) *Run {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ledger.Runs[name].Clone()
}

// Ledger is all that is remembered by now.
func (k *Keeper) Ledger() Ledger {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.ledger
	l.Runs = maps.Clone(l.Runs)
	return l
}

// Knows reports whether the ledger has an investigation.
func (k *Keeper) Knows(name string) bool { return k.Run(name) != nil }

// Save stores run as the latest of an investigation.
func (k *Keeper) Save(ctx context.Context, name string, run *Run) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ledger.Runs[name] = run.Clone()
	next, err := k.backend.Write(context.WithoutCancel(ctx), k.ledger)
	switch {
	case err == nil:
		k.ledger = next
	case errors.Is(err, ErrStale):
		k.lost = err
	}
	return err
}

// Before returns how the lifecycle rules of an account were before another
// unfinished run that is still under way changed them; ok is false if none did.
func (k *Keeper) Before(name string, account plan.ID) (l plan.Lifecycle, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, other := range slices.Sorted(maps.Keys(k.ledger.Runs)) {
		run := k.ledger.Runs[other]
		if l, ok := run.Lifecycles[account.Key()]; ok && other != name && run.Finished.IsZero() {
			return l, true
		}
	}
	return plan.Lifecycle{}, false
}

// Last reports whether no other unfinished run needs the account's lifecycle
// rules as they are, so that this one can put them back. Of several that are
// done at the same time it is true for one.
func (k *Keeper) Last(name string, account plan.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.leaving == nil {
		k.leaving = map[string]map[string]bool{}
	}
	if k.leaving[account.Key()] == nil {
		k.leaving[account.Key()] = map[string]bool{}
	}
	k.leaving[account.Key()][name] = true
	for other, run := range k.ledger.Runs {
		_, holds := run.Lifecycles[account.Key()]
		if holds && run.Finished.IsZero() && !k.leaving[account.Key()][other] {
			return false
		}
	}
	return true
}

// LastFor is Last for one investigation.
func (k *Keeper) LastFor(name string) func(account plan.ID) bool {
	return func(account plan.ID) bool { return k.Last(name, account) }
}
