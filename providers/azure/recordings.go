package azure

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"flowctl/plan"

	"golang.org/x/sync/errgroup"
)

// parallel is how many requests run at the same time. Azure lets 25 reads a
// second through for each subscription and caller.
const parallel = 8

// Recordings lists the flow logs and captures of all watchers by id, without
// the state of captures. What could be read is returned even if a watcher
// fails; the error then names each that did.
func (p *Provider) Recordings(ctx context.Context, watchers []plan.Watcher) ([]plan.Recording, error) {
	var mu sync.Mutex
	var out []plan.Recording
	var errs []error
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, w := range watchers {
		for _, list := range []func(context.Context, plan.Watcher) ([]plan.Recording, error){p.flowLogs, p.captures} {
			g.Go(func() error {
				found, err := list(ctx, w)
				mu.Lock()
				defer mu.Unlock()
				out = append(out, found...)
				if err != nil {
					errs = append(errs, err)
				}
				return nil
			})
		}
	}
	g.Wait()
	byID(out, func(r plan.Recording) plan.ID { return r.ID })
	return out, errors.Join(sortedErrors(errs)...)
}

func (p *Provider) flowLogs(ctx context.Context, w plan.Watcher) ([]plan.Recording, error) {
	pager := p.network.NewFlowLogsClient().NewListPager(w.ID.ResourceGroup(), w.ID.Name(), nil)
	var out []plan.Recording
	for ctx := aList(ctx); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return out, fmt.Errorf("list flow logs of watcher %s: %w", w.ID.Name(), plain(err))
		}
		for _, l := range page.Value {
			if l != nil {
				out = append(out, flowLogRecording(l))
			}
		}
	}
	return out, nil
}

func (p *Provider) captures(ctx context.Context, w plan.Watcher) ([]plan.Recording, error) {
	pager := p.network.NewPacketCapturesClient().NewListPager(w.ID.ResourceGroup(), w.ID.Name(), nil)
	var out []plan.Recording
	for ctx := aList(ctx); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return out, fmt.Errorf("list packet captures of watcher %s: %w", w.ID.Name(), plain(err))
		}
		for _, c := range page.Value {
			if c != nil {
				r := captureRecording(c)
				r.Location = w.Location
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// Status reads a recording again, a capture with its state. If only the state
// cannot be had, the recording is returned with an unknown one and the error.
func (p *Provider) Status(ctx context.Context, r plan.Recording) (plan.Recording, error) {
	rec, at, err := p.find(r)
	if err != nil {
		return r, fmt.Errorf("read: %w", err)
	}
	now, err := rec.get(ctx, at)
	if err != nil {
		return r, fmt.Errorf("read %s %s: %w", rec.noun(), at.name, err)
	}
	now.Location = firstOf(now.Location, r.Location)
	if r.Mechanism != plan.PacketCapture {
		return now, nil
	}
	s, err := captures{p}.status(ctx, at)
	now.State = captureState(s)
	now.StopReason, now.Started = val(s.StopReason), val(s.CaptureStartTime)
	for _, e := range s.PacketCaptureError {
		if e != nil {
			now.Errors = append(now.Errors, string(*e))
		}
	}
	if err != nil {
		return now, fmt.Errorf("ask for the state of packet capture %s: %w", at.name, err)
	}
	return now, nil
}
