package azure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"flowctl/plan"
)

func isNotFound(err error) bool { return errors.Is(err, plan.ErrNotFound) }

// Remove deletes a recording and waits until reading it says that it is gone.
// The data stays. Removing one that is gone already is no error.
func (p *Provider) Remove(ctx context.Context, r plan.Recording) error {
	rec, at, err := p.find(r)
	if err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	if err := p.delete(ctx, rec, at); err != nil {
		return fmt.Errorf("remove %s %s: %w", rec.noun(), at.name, err)
	}
	return nil
}

// delete deletes until reading says that it is gone. A deletion that Azure
// says has succeeded, while the resource is there as if nothing had happened,
// is done again.
func (p *Provider) delete(ctx context.Context, rec resource, at place) error {
	remove := p.writes.under(at.id.Parent().Key(), func(ctx context.Context) error { return rec.remove(ctx, at) })
	look := func(ctx context.Context) (bool, error) {
		_, there, err := exists(ctx, rec, at)
		return err == nil && !there, err
	}
	for n := 0; ; n++ {
		if err := p.retry.write(ctx, remove, look); err != nil && !isNotFound(err) {
			return err
		}
		left, err := p.gone(ctx, rec, at)
		switch {
		case err != nil || left == "":
			return err
		case n == p.retry.again:
			return fmt.Errorf("still there in state %q after it was deleted %d times", left, n+1)
		}
	}
}

// gone reads until there is nothing to read, and else returns the state that
// is left: Azure says that a deletion has succeeded before every reader sees it.
func (p *Provider) gone(ctx context.Context, rec resource, at place) (left string, err error) {
	began := p.clock.Now()
	for n := 0; ; n++ {
		r, there, err := exists(ctx, rec, at)
		if err != nil || !there {
			return "", err
		}
		waited := p.clock.Now().Sub(began)
		switch {
		case waited > patience:
			return "", fmt.Errorf("still there in state %q %s after it was deleted", r.Provisioning, patience)
		case waited > shown && !slices.Contains(unsettled, r.Provisioning):
			return firstOf(r.Provisioning, "unknown"), nil
		}
		if err := p.clock.Sleep(ctx, pollDelay(n, 0)); err != nil {
			return "", err
		}
	}
}

// Stop ends a capture, or switches a flow log off. One that has ended already
// is no error, nor is an attempt that Azure calls failed if the recording has
// ended nevertheless: agents are known to answer so.
func (p *Provider) Stop(ctx context.Context, r plan.Recording) error {
	rec, at, err := p.find(r)
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	if err := p.stop(ctx, rec, at); err != nil {
		return fmt.Errorf("stop %s %s: %w", rec.noun(), at.name, err)
	}
	return nil
}

func (p *Provider) stop(ctx context.Context, rec recorder, at place) error {
	stop := p.writes.under(at.id.Parent().Key(), func(ctx context.Context) error { return rec.stop(ctx, at) })
	ended := func(ctx context.Context) (bool, error) { return rec.ended(ctx, at) }
	err := p.retry.write(ctx, stop, ended)
	if err != nil && ctx.Err() == nil && !isNotFound(err) {
		if ok, _ := ended(ctx); ok {
			return nil
		}
	}
	return err
}
