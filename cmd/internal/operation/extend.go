package operation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Extend moves the end of the time boxes that are under way, by a time or to a time. It
// is noted in the ledger and in the tags of flow logs; a capture ends when it was to.
func (op *Operation) Extend(ctx context.Context, by time.Duration, to time.Time) ([]Outcome, error) {
	return op.each(ctx, func(inv plan.Investigation) (Outcome, error) { return op.extend(ctx, inv, by, to) })
}

func (op *Operation) extend(ctx context.Context, inv plan.Investigation, by time.Duration, to time.Time) (Outcome, error) {
	if inv.Standing() {
		return Outcome{}, fmt.Errorf("extend %s: a monitor has no end that could be moved", inv.Name)
	}
	run := op.ledger.Runs[inv.Name]
	if run == nil || !run.Finished.IsZero() {
		return Outcome{Idle: true}, nil
	}
	_, end := run.Window(inv)
	if to.IsZero() {
		to = end.Add(by)
	}
	to = to.UTC().Truncate(time.Second)
	now := op.now()
	switch {
	case run.Limit != "":
		return Outcome{}, fmt.Errorf("extend %s: %s; raise the limit, and flowctl apply --again records anew once it is collected", inv.Name, run.Limit)
	case run.Stopped:
		return Outcome{}, fmt.Errorf("extend %s: it was stopped by hand; flowctl apply --again records anew once it is collected", inv.Name)
	case !now.Before(end):
		return Outcome{}, fmt.Errorf("extend %s: its window ended at %s; flowctl apply collects what there is, and --again records anew", inv.Name, end.UTC().Format(time.RFC3339))
	case !to.After(now):
		return Outcome{}, fmt.Errorf("extend %s: %s is not after now, %s; flowctl stop ends it", inv.Name, to.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	there, err := op.ours(ctx, inv)
	if err != nil {
		return Outcome{}, err
	}
	if err := op.lock.Hold(ctx); err != nil {
		return Outcome{}, err
	}
	_, said := inv.TimeBox(run.Started)
	run.Extended, run.Ends = ledger.Extension{From: said, To: to}, to
	out := Outcome{Ends: to}
	var errs []error
	for _, r := range there {
		switch x, can := op.providerOf(r).(plan.Extender); {
		case r.Mechanism == plan.PacketCapture && !r.State.Ended():
			out.Fixed = append(out.Fixed, r.Target.Name())
		case r.Mechanism == plan.FlowLog && r.Enabled && can && run.Knows(r.ID.Name()):
			errs = append(errs, x.Extend(ctx, r, to))
		}
	}
	return out, errors.Join(errs...)
}
