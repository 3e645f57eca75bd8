package azure

import (
	"context"
	"errors"
	"fmt"

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
	unlock, err := p.writes.lock(ctx, at.id.Parent().Key())
	if err != nil {
		return err
	}
	defer unlock()
	if err := p.delete(ctx, rec, at); err != nil {
		return fmt.Errorf("remove %s %s: %w", rec.noun(), at.name, err)
	}
	return nil
}

// delete is Remove for one who holds the lock of the watcher.
func (p *Provider) delete(ctx context.Context, rec recorder, at place) error {
	remove := func(ctx context.Context) error { return rec.remove(ctx, at) }
	look := func(ctx context.Context) (bool, error) {
		_, there, err := exists(ctx, rec, at)
		return err == nil && !there, err
	}
	if err := p.retry.write(ctx, remove, look); err != nil && !isNotFound(err) {
		return err
	}
	return p.gone(ctx, rec, at)
}

// gone reads until there is nothing to read: Azure says that a deletion has
// succeeded before every reader sees it.
func (p *Provider) gone(ctx context.Context, rec recorder, at place) error {
	began := p.clock.Now()
	for n := 0; ; n++ {
		r, there, err := exists(ctx, rec, at)
		if err != nil || !there {
			return err
		}
		if p.clock.Now().Sub(began) > patience {
			return fmt.Errorf("still there in state %q %s after it was deleted", r.Provisioning, patience)
		}
		if err := p.clock.Sleep(ctx, pollDelay(n, 0)); err != nil {
			return err
		}
	}
}

// Stop ends a capture. One that has ended already is no error, nor is an
// attempt that Azure calls failed if the capture has ended nevertheless:
// agents are known to answer so.
func (p *Provider) Stop(ctx context.Context, r plan.Recording) error {
	if r.Mechanism != plan.PacketCapture {
		return fmt.Errorf("stop %s: a flow log cannot be stopped, only removed", r.ID.Name())
	}
	at, err := p.place(r.ID)
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	unlock, err := p.writes.lock(ctx, at.id.Parent().Key())
	if err != nil {
		return err
	}
	defer unlock()
	pc := captures{p}
	stop := func(ctx context.Context) error { return pc.stop(ctx, at) }
	ended := func(ctx context.Context) (bool, error) {
		s, err := pc.status(ctx, at)
		return err == nil && captureState(s).Ended(), err
	}
	err = p.retry.write(ctx, stop, ended)
	if err != nil && ctx.Err() == nil && !isNotFound(err) {
		if ok, _ := ended(ctx); ok {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("stop packet capture %s: %w", at.name, err)
	}
	return nil
}
