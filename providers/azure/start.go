package azure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"flowctl/plan"
)

// Start creates the flow log or capture of s, waits until Azure has done so,
// reads it back and compares. It fails with plan.ErrExists rather than change
// one that is there. What came of a failed creation is removed again, and the
// error says so.
func (p *Provider) Start(ctx context.Context, s plan.Session) (plan.Recording, error) {
	rec, err := p.recorder(s.Mechanism)
	if err != nil {
		return plan.Recording{}, fmt.Errorf("start %s: %w", s.Name, err)
	}
	at, err := p.place(plan.ID(string(s.Watcher) + "/" + rec.collection() + "/" + s.Name))
	if err != nil {
		return plan.Recording{}, fmt.Errorf("start %s: %w", s.Name, err)
	}
	r, err := p.create(ctx, rec, at, s)
	if err != nil {
		return r, fmt.Errorf("start %s %s on %s: %w", rec.noun(), s.Name, s.Target.ID.Name(), err)
	}
	return r, nil
}

// onItsWay is how long before a deadline a request is sent at the latest, so that what it
// makes is not made after it.
const onItsWay = 15 * time.Second

func (p *Provider) create(ctx context.Context, rec recorder, at place, s plan.Session) (plan.Recording, error) {
	r, there, err := exists(ctx, rec, at)
	if err != nil {
		return r, err
	}
	if there {
		return r, fmt.Errorf("it %w", plan.ErrExists)
	}
	put := p.writes.under(at.id.Parent().Key(), func(ctx context.Context) error {
		if !s.Deadline.IsZero() && !p.clock.Now().Add(onItsWay).Before(s.Deadline) { // it may have waited long for its turn
			return fmt.Errorf("%w %s", plan.ErrTooLate, s.Deadline.UTC().Format(time.RFC3339))
		}
		return rec.put(ctx, at, s)
	})
	look := func(ctx context.Context) (bool, error) { return p.arrived(ctx, rec, at) }
	if err := p.retry.write(ctx, put, look); errors.Is(err, plan.ErrTooLate) {
		return r, err
	} else if err != nil {
		return r, p.abandon(ctx, rec, at, err)
	}
	r, d, err := p.kept(ctx, rec, at, s)
	switch {
	case err != nil:
		return r, p.abandon(ctx, rec, at, err)
	case r.Provisioning == failed:
		return r, p.abandon(ctx, rec, at, fmt.Errorf("it came to state %s", failed))
	case d != "":
		return r, p.undo(ctx, rec, at, fmt.Errorf("what is kept is not what was sent: %s", d))
	}
	return r, nil
}

// kept reads what Azure made of s and in what it differs from it. A read may
// lag behind the write, so a difference is believed only when it stays.
func (p *Provider) kept(ctx context.Context, rec resource, at place, s plan.Session) (plan.Recording, string, error) {
	began := p.clock.Now()
	for n := 0; ; n++ {
		r, err := p.settled(ctx, rec, at)
		if err != nil || r.Provisioning == failed {
			return r, "", err
		}
		r.Location = firstOf(r.Location, s.Target.Location)
		d := difference(s, r)
		if d == "" || p.clock.Now().Sub(began) > caught {
			return r, d, nil
		}
		if err := p.clock.Sleep(ctx, pollDelay(n, 0)); err != nil {
			return r, d, err
		}
	}
}

// arrived reports whether an attempt to create has come to something after
// all. A failed resource is removed, so that the next attempt creates and
// does not change.
func (p *Provider) arrived(ctx context.Context, rec resource, at place) (bool, error) {
	r, there, err := exists(ctx, rec, at)
	if err != nil || !there {
		return false, err
	}
	if r, err = p.settled(ctx, rec, at); err != nil {
		return false, err
	}
	if r.Provisioning != failed {
		return true, nil
	}
	return false, p.delete(ctx, rec, at)
}

// shown is how long a resource that was created may take to be seen.
const shown = time.Minute

// settled reads the resource until Azure has stopped working on it. Right
// after its creation Azure may answer that there is none.
func (p *Provider) settled(ctx context.Context, rec resource, at place) (plan.Recording, error) {
	began := p.clock.Now()
	for n := 0; ; n++ {
		r, err := rec.get(ctx, at)
		waited := p.clock.Now().Sub(began)
		switch {
		case err != nil && (!isNotFound(err) || waited > shown):
			return r, err
		case err == nil && !slices.Contains(unsettled, r.Provisioning):
			return r, nil
		case err == nil && waited > patience:
			return r, fmt.Errorf("still in state %s after %s", r.Provisioning, patience)
		}
		if err := p.clock.Sleep(ctx, pollDelay(n, 0)); err != nil {
			return r, err
		}
	}
}

// abandon removes what came of a creation that failed, and adds to its error
// what is still there. A canceled creation is left for the next run, which
// recognises it by its name.
func (p *Provider) abandon(ctx context.Context, rec resource, at place, cause error) error {
	if ctx.Err() != nil {
		return cause
	}
	r, there, err := exists(ctx, rec, at)
	switch {
	case err != nil:
		return fmt.Errorf("%w; whether it is there cannot be read: %w", cause, err)
	case !there:
		return cause
	case r.Provisioning == failed:
		return p.undo(ctx, rec, at, cause)
	}
	return fmt.Errorf("%w; it is there in state %q", cause, r.Provisioning)
}

// undo removes what this run has just created.
func (p *Provider) undo(ctx context.Context, rec resource, at place, cause error) error {
	if err := p.delete(ctx, rec, at); err != nil {
		return fmt.Errorf("%w; it is still there and cannot be removed: %w", cause, err)
	}
	return fmt.Errorf("%w; the %s was removed again", cause, rec.noun())
}
