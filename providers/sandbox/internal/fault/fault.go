// Package fault decides which calls the faults of a world strike. What it
// decides depends on the world, its seed, the thing that is called and how
// often that was called before, and never on what other calls there are at
// the same time.
package fault

import (
	"context"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"flowctl/providers/sandbox/internal/store"
	"flowctl/providers/sandbox/internal/world"
)

// Set are the faults of a world, those laid upon it and lifted from it while it
// runs, and how often they have struck.
type Set struct {
	own   []*world.Fault // of the world's file
	laid  *store.File[changes]
	seed  uint64
	tally *tally
}

// changes are what was laid and lifted, in a file that all processes share.
type changes struct {
	Laid   []*world.Fault `json:"laid,omitempty"`
	Lifted []string       `json:"lifted,omitempty"` // names of the world's own
}

// All are the faults that there are now.
func (s *Set) All() []*world.Fault {
	if s == nil {
		return nil
	}
	c, err := s.laid.Read()
	if err != nil || len(c.Laid)+len(c.Lifted) == 0 {
		return s.own
	}
	all := slices.DeleteFunc(slices.Clone(s.own), func(f *world.Fault) bool { return slices.Contains(c.Lifted, f.Name) })
	return append(all, c.Laid...)
}

// Empty reports whether nothing can go wrong.
func (s *Set) Empty() bool { return len(s.All()) == 0 }

// Lay adds faults; one of a name that there is already takes its place.
func (s *Set) Lay(ctx context.Context, faults []*world.Fault) error {
	return s.laid.Update(ctx, func(c *changes) error {
		for _, f := range faults {
			c.lift(s.own, f.Name)
		}
		c.Laid = append(c.Laid, faults...)
		return nil
	})
}

// Lift takes away the fault of a name and reports whether there was one.
func (s *Set) Lift(ctx context.Context, name string) (found bool, err error) {
	found = slices.ContainsFunc(s.All(), func(f *world.Fault) bool { return f.Name == name })
	return found, s.laid.Update(ctx, func(c *changes) error {
		c.lift(s.own, name)
		return nil
	})
}

func (c *changes) lift(own []*world.Fault, name string) {
	c.Laid = slices.DeleteFunc(c.Laid, func(f *world.Fault) bool { return f.Name == name })
	if slices.ContainsFunc(own, func(f *world.Fault) bool { return f.Name == name }) && !slices.Contains(c.Lifted, name) {
		c.Lifted = append(c.Lifted, name)
	}
}

// Call is one call of a client, or one blob that Azure writes.
type Call struct {
	Operation string
	Thing     string   // id or address, by which calls are counted
	Names     []string // beside it, with which targets are compared
	Region    string   // empty if it is of none
}

// Open returns the faults of a world that is first used at epoch. Counts are
// kept in the folder dir, or if it is empty in memory.
func Open(ctx context.Context, w *world.World, dir string, epoch time.Time) (*Set, error) {
	laid, err := store.Open[changes](dir, "laid.json")
	if err != nil {
		return nil, err
	}
	s := &Set{own: w.Faults, seed: w.Seed, laid: laid}
	s.tally, err = openTally(ctx, dir, epoch)
	return s, err
}

// Strike counts a call and returns the faults that strike it, in the order of
// the world's file.
func (s *Set) Strike(ctx context.Context, c Call, now time.Time) ([]*world.Fault, error) {
	var due []*world.Fault
	for _, f := range s.All() {
		if f.Hits(c.Operation) && s.concerns(f, c, now) {
			due = append(due, f)
		}
	}
	if len(due) == 0 {
		return nil, nil
	}
	var struck []*world.Fault
	err := s.tally.update(ctx, func(n *counts) {
		struck = nil
		for _, f := range due {
			if s.strikes(n, f, c) {
				struck = append(struck, f)
			}
		}
	})
	return struck, err
}

// strikes counts a call for a fault and reports whether it is struck.
func (s *Set) strikes(n *counts, f *world.Fault, c Call) bool {
	number := 0
	if len(f.Nth) > 0 || f.Probability < 1 {
		key := f.Name + " " + c.Operation + " " + strings.ToLower(c.Thing)
		n.Calls[key]++
		number = n.Calls[key]
	}
	switch {
	case len(f.Nth) > 0 && !slices.Contains(f.Nth, number), !s.chance(f, c, number),
		f.Times > 0 && n.Struck[f.Name] >= f.Times:
		return false
	}
	if f.Times > 0 {
		n.Struck[f.Name]++
	}
	return true
}

// Writing returns the faults of something that Azure writes by itself at the
// time at. It is the same whenever it is asked for.
func (s *Set) Writing(c Call, at time.Time) []*world.Fault {
	var struck []*world.Fault
	for _, f := range s.All() {
		if f.Hits(c.Operation) && s.concerns(f, c, at) && s.chance(f, c, 0) {
			struck = append(struck, f)
		}
	}
	return struck
}

// concerns reports whether a fault is meant for a call at that time.
func (s *Set) concerns(f *world.Fault, c Call, now time.Time) bool {
	if !f.After.IsZero() && now.Before(f.After.In(s.tally.began)) || !f.Until.IsZero() && !now.Before(f.Until.In(s.tally.began)) {
		return false
	}
	if f.Region != "" && !strings.EqualFold(f.Region, c.Region) {
		return false
	}
	is := func(name string) bool { return world.Matches(f.Target, name) }
	return f.Target == "" || is(c.Thing) || slices.ContainsFunc(c.Names, is)
}

// chance draws for call number n.
func (s *Set) chance(f *world.Fault, c Call, n int) bool {
	if f.Probability >= 1 {
		return true
	}
	h := fnv.New64a()
	for _, text := range []string{f.Name, c.Operation, strings.ToLower(c.Thing)} {
		h.Write([]byte(text))
		h.Write([]byte{0})
	}
	return unit(mix(h.Sum64(), mix(s.seed, uint64(n)))) < f.Probability
}

// mix is a hash of two words (the finalizer of splitmix64).
func mix(a, b uint64) uint64 {
	x := a ^ b*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// Of returns the first of struck that has an effect, or nil.
func Of(struck []*world.Fault, effect string) *world.Fault {
	for _, f := range struck {
		if f.Effect == effect {
			return f
		}
	}
	return nil
}
