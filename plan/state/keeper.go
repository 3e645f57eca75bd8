package state

import (
	"maps"
	"slices"
	"sync"

	"flowctl/plan"
)

// Keeper lets several runs of one process save to one file side by side. The
// process holds the file's lock meanwhile.
type Keeper struct {
	mu   sync.Mutex
	file *File
	snap Snapshot

	leaving map[string]map[string]bool // investigations that are done with an account, by its key
}

// NewKeeper returns the keeper of f that goes on from s.
func NewKeeper(f *File, s Snapshot) *Keeper { return &Keeper{file: f, snap: s} }

// Run returns what is remembered of an investigation; nil if nothing is.
func (k *Keeper) Run(name string) *Run {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.snap.Runs[name].Clone()
}

// Save stores run as the latest of an investigation.
func (k *Keeper) Save(name string, run *Run) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.snap.Runs[name] = run.Clone()
	next, err := k.file.Write(k.snap)
	if err == nil {
		k.snap = next
	}
	return err
}

// Before returns how the lifecycle rules of an account were before another
// unfinished run that is still under way changed them; ok is false if none did.
func (k *Keeper) Before(name string, account plan.ID) (l plan.Lifecycle, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, other := range slices.Sorted(maps.Keys(k.snap.Runs)) {
		run := k.snap.Runs[other]
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
	for other, run := range k.snap.Runs {
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

// Clone copies a run as deep as runs change.
func (r *Run) Clone() *Run {
	if r == nil {
		return nil
	}
	c := *r
	c.Sessions = maps.Clone(r.Sessions)
	c.Agents, c.Lifecycles = maps.Clone(r.Agents), maps.Clone(r.Lifecycles)
	return &c
}
