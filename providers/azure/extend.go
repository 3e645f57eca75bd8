package azure

import (
	"context"
	"fmt"
	"time"

	"flowctl/plan"
)

var _ plan.Extender = (*Provider)(nil)

// Extend writes into a flow log's tags when it is to end. Nothing else of it changes.
func (p *Provider) Extend(ctx context.Context, r plan.Recording, end time.Time) error {
	rec, at, err := p.find(r)
	if err != nil {
		return fmt.Errorf("extend: %w", err)
	}
	logs, ok := rec.(flowLogs)
	if !ok {
		return fmt.Errorf("extend %s %s: its end was set when it was started, and Azure cannot move it", rec.noun(), at.name)
	}
	write := p.writes.under(at.id.Parent().Key(), func(ctx context.Context) error { return logs.extend(ctx, at, end) })
	written := func(ctx context.Context) (bool, error) {
		now, err := logs.get(ctx, at)
		return err == nil && now.Tags[plan.TagExpires] == end.UTC().Format(time.RFC3339), err
	}
	if err := p.retry.write(ctx, write, written); err != nil {
		return fmt.Errorf("extend flow log %s: %w", at.name, err)
	}
	return nil
}
