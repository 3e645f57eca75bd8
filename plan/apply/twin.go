package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// Two machines that know nothing of each other may carry out one investigation
// at the same time, each in a run of its own whose end, and so whose names, are
// others. A target has one flow log, but any number of captures. So whoever is
// about to start something looks for what another run started for the same
// session, and goes on with that; and who has started a capture looks once more,
// since both may have looked before either wrote: the later one withdraws its own.

// tookTwin goes on with what another run started for the same session.
func (r *Run) tookTwin(ctx context.Context, t *tracked) bool {
	rec, ok := r.azure.twin(ctx, t)
	if ok {
		r.take(t, rec)
	}
	return ok
}

func (r *Run) take(t *tracked, rec plan.Recording) {
	t.session.Name, t.session.Watcher, t.session.Deadline = rec.ID.Name(), rec.ID.Parent(), rec.Deadline()
	t.entry.Asked, t.entry.Shared = time.Time{}, true
	r.adopt(t, rec)
	r.emit(t.event(Changed, fmt.Sprintf("another run of this investigation has started it as %s, which is followed", rec.ID.Name())))
}

// yield withdraws a capture that was just started where another run's was
// started before. Of many the listing is too old to tell, and what two runs
// start at the very same time stays.
func (r *Run) yield(ctx context.Context, t *tracked) {
	if t.isLog() || r.many() > few {
		return
	}
	twin, ok := r.azure.twin(ctx, t)
	if !ok || !r.before(ctx, t, twin) {
		return
	}
	if err := t.provider.Remove(ctx, t.rec); err != nil {
		return // both record, and this one is collected as well
	}
	r.azure.note(t, t.rec, false)
	r.take(t, twin)
}

// before reports whether a twin was started before t's own recording. Where that
// cannot be told, the names decide, which are the same to both.
func (r *Run) before(ctx context.Context, t *tracked, twin plan.Recording) bool {
	theirs, err := t.provider.Status(ctx, twin)
	ours, err2 := t.provider.Status(ctx, t.rec)
	if err == nil && err2 == nil && !theirs.Started.IsZero() && !ours.Started.IsZero() && !theirs.Started.Equal(ours.Started) {
		return theirs.Started.Before(ours.Started)
	}
	return twin.ID.Name() < t.rec.ID.Name()
}

// twin is a recording for the session of t that has another name, since it was
// started for another end, and that has not come to it. With few sessions the
// listing is as it is now; with many it may be some seconds old.
func (s *survey) twin(ctx context.Context, t *tracked) (plan.Recording, bool) {
	l := s.of(t.session.Target.Provider)
	if l.lock(ctx) != nil {
		return plan.Recording{}, false
	}
	defer l.unlock()
	age := time.Duration(0)
	if s.run.many() > few {
		age = s.run.Limits.Poll
	}
	s.refresh(ctx, t, l, age)
	now := s.run.clock.Now()
	for _, key := range slices.Sorted(maps.Keys(l.recs)) {
		rec := l.recs[key]
		n, ok := plan.ParseName(rec.ID.Name())
		if !ok || n.Fingerprint != t.session.Fingerprint() || rec.ID.Is(t.id()) || !s.run.Plan.Investigation.Made(rec) {
			continue
		}
		if t.after != nil && t.after.id().Is(rec.ID) {
			continue // which it is to replace
		}
		if now.Before(rec.Deadline()) && !strings.EqualFold(rec.Provisioning, "failed") && !strings.EqualFold(rec.Provisioning, "deleting") {
			return rec, true
		}
	}
	return plan.Recording{}, false
}
