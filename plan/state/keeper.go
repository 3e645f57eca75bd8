package state

import (
	"maps"
	"sync"
)

// Keeper lets several runs of one process save to one file side by side. The
// process holds the file's lock meanwhile.
type Keeper struct {
	mu   sync.Mutex
	file *File
	snap Snapshot
}

// NewKeeper returns the keeper of f that goes on from s.
func NewKeeper(f *File, s Snapshot) *Keeper { return &Keeper{file: f, snap: s} }

// Run returns what is remembered of an investigation; nil if nothing is.
func (k *Keeper) Run(name string) *Run {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.snap.Runs[name].clone()
}

// Save stores run as the latest of an investigation.
func (k *Keeper) Save(name string, run *Run) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.snap.Runs[name] = run.clone()
	next, err := k.file.Write(k.snap)
	if err == nil {
		k.snap = next
	}
	return err
}

// clone copies a run as deep as runs change.
func (r *Run) clone() *Run {
	if r == nil {
		return nil
	}
	c := *r
	c.Sessions = maps.Clone(r.Sessions)
	return &c
}
