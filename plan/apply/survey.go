package apply

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/resolve"
)

// survey lists what the watchers hold, for all sessions at once: one listing
// tells of a thousand flow logs, and of those that others made meanwhile.
type survey struct {
	run *Run
	mu  sync.Mutex
	all map[string]*listing // by alias of the provider
}

// listing is used by one at a time. Others wait for it as long as their context
// lasts: a region that hangs holds up a listing.
type listing struct {
	turn chan struct{} // holds something while nobody uses it
	read time.Time
	recs map[string]plan.Recording   // by key of the id
	take map[string][]plan.Recording // flow logs of others that write, by the keys of their targets and of what holds those
	err  error
}

func newSurvey(r *Run) *survey { return &survey{run: r, all: map[string]*listing{}} }

func (s *survey) of(alias string) *listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[alias] == nil {
		l := &listing{turn: make(chan struct{}, 1)}
		l.unlock()
		s.all[alias] = l
	}
	return s.all[alias]
}

// lock waits until nobody else uses l, or ctx ends.
func (l *listing) lock(ctx context.Context) error {
	select {
	case <-l.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *listing) unlock() { l.turn <- struct{}{} }

// get returns the recording of t as the provider lists it, from a listing that
// is not older than a look may be.
func (s *survey) get(ctx context.Context, t *tracked) (plan.Recording, error) {
	l := s.of(t.session.Target.Provider)
	if err := l.lock(ctx); err != nil {
		return t.rec, err
	}
	defer l.unlock()
	s.refresh(ctx, t, l, s.run.spaced(time.Minute-s.run.Limits.Poll, listingCost))
	if rec, ok := l.recs[t.id().Key()]; ok {
		return rec, nil
	}
	if l.err != nil {
		return t.rec, l.err
	}
	return t.rec, plan.ErrNotFound
}

// refresh lists anew if the listing is older than age. A listing in which a watcher is
// missing is used for what it has.
func (s *survey) refresh(ctx context.Context, t *tracked, l *listing, age time.Duration) {
	now := s.run.clock.Now()
	if l.recs != nil && now.Sub(l.read) < age {
		return
	}
	recs, err := t.provider.Recordings(ctx, s.run.watchersOf(t.session.Target.Provider))
	if err != nil && ctx.Err() != nil {
		l.err = err
		return
	}
	for _, inv := range s.run.Inventory {
		if inv.Provider == t.session.Target.Provider {
			resolve.Within(inv, recs)
		}
	}
	l.read, l.err, l.recs = s.run.clock.Now(), err, make(map[string]plan.Recording, len(recs))
	l.take = map[string][]plan.Recording{}
	for _, r := range recs {
		l.recs[r.ID.Key()] = r
		if r.Mechanism != plan.FlowLog || !r.Enabled || s.run.Plan.Investigation.Made(r) {
			continue
		}
		for _, on := range append([]plan.ID{r.Target}, r.Within...) {
			l.take[on.Key()] = append(l.take[on.Key()], r)
		}
	}
}

// note takes over what a write or a single read told.
func (s *survey) note(t *tracked, rec plan.Recording, there bool) {
	l := s.of(t.session.Target.Provider)
	<-l.turn
	defer l.unlock()
	if l.recs == nil {
		return
	}
	delete(l.recs, rec.ID.Key())
	if there {
		l.recs[rec.ID.Key()] = rec
	}
}

// forget makes the next look list anew.
func (s *survey) forget(t *tracked) {
	l := s.of(t.session.Target.Provider)
	<-l.turn
	defer l.unlock()
	l.recs = nil
}

// takers are the flow logs of others that write records of t's target instead of its own
// log, in the order of their names: Azure writes an interface's records to the most
// specific log only. Records says that the own one still records.
func (s *survey) takers(t *tracked, records bool) []plan.Recording {
	l := s.of(t.session.Target.Provider)
	<-l.turn
	defer l.unlock()
	found := map[plan.ID]plan.Recording{}
	for _, on := range append([]plan.ID{t.session.Target.ID}, t.session.Within...) {
		for _, r := range l.take[on.Key()] {
			if _, ok := plan.Instead(t.session, r, records); ok && !r.ID.Is(t.rec.ID) {
				found[r.ID] = r
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b plan.Recording) int {
		return cmp.Or(cmp.Compare(onTarget(a), onTarget(b)), cmp.Compare(a.ID, b.ID))
	})
}

// onTarget names a flow log and what it records.
func onTarget(r plan.Recording) string { return r.ID.Name() + " on " + r.Target.Name() }

// watchersOf are the watchers of one provider, with those that were made.
func (r *Run) watchersOf(alias string) []plan.Watcher {
	var out []plan.Watcher
	for _, inv := range r.Inventory {
		if inv.Provider == alias {
			out = append(out, inv.Watchers...)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(r.watchers)) {
		if strings.HasPrefix(key, alias+" ") {
			out = append(out, r.watchers[key])
		}
	}
	return out
}

// id is the id that the recording of t has or will have.
func (t *tracked) id() plan.ID {
	if t.rec.ID != "" {
		return t.rec.ID
	}
	return t.session.ResourceID()
}

// look asks Resource Manager how t is. A capture that records is asked itself,
// since only it knows whether it has ended; all else is seen in the listing.
func (r *Run) look(ctx context.Context, t *tracked) ledger.Shown {
	var rec plan.Recording
	var err error
	if t.rec.InWorkspace() { // Resource Manager has nothing of it: whether it is there, reading it tells
		t.unread = 0
		return ledger.On
	}
	capture := t.entry.Kind() == ledger.Capture
	if capture && t.stand() == ledger.Recording {
		rec, err = t.provider.Status(ctx, t.rec)
	} else {
		rec, err = r.azure.get(ctx, t)
		if capture && rec.ID.Is(t.rec.ID) { // the listing does not tell the state
			rec.State, rec.StopReason, rec.Errors, rec.Started = t.rec.State, t.rec.StopReason, t.rec.Errors, t.rec.Started
		}
	}
	if errors.Is(err, plan.ErrNotFound) && (t.stand() == ledger.Starting || t.stand() == ledger.Recording || t.stand() == ledger.Collected) {
		rec, err = t.provider.Status(ctx, plan.Recording{ID: t.id(), Mechanism: t.session.Mechanism, Target: t.session.Target.ID}) // a listing may lag
	}
	want := t.session
	if t.entry.Reused {
		want.Tags = nil
	}
	shown := ledger.Look(want, rec, err)
	switch {
	case shown == ledger.Unreadable:
		t.unread, t.unreadable = t.unread+1, err
		return shown
	case shown != ledger.Absent && shown != ledger.Foreign:
		t.rec = rec
	}
	t.unread = 0
	if t.stuck && (shown == ledger.On || shown == ledger.Other) {
		return ledger.Off
	}
	return shown
}
