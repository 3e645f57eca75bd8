package azure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"flowctl/plan"
)

var _ plan.Mender = (*Provider)(nil)

// Mend writes a flow log of ours as s says, in the place of how it is, and reads it back.
// Azure knows no other target for a log that is there: such a one is deleted and made again.
func (p *Provider) Mend(ctx context.Context, r plan.Recording, s plan.Session) (plan.Recording, error) {
	rec, at, err := p.find(r)
	if err != nil {
		return r, fmt.Errorf("set back: %w", err)
	}
	logs, ok := rec.(flowLogs)
	if !ok {
		return r, fmt.Errorf("set back %s %s: it is no flow log", rec.noun(), at.name)
	}
	now, err := logs.get(ctx, at)
	if err != nil {
		return r, fmt.Errorf("set back flow log %s: %w", at.name, err)
	}
	if !now.Target.Is(s.Target.ID) {
		if err := p.Remove(ctx, now); err != nil {
			return r, fmt.Errorf("set back flow log %s, which logs %s: %w", at.name, now.Target.Name(), err)
		}
		return p.Start(ctx, s)
	}
	s.Tags = tagsOf(now.Tags, s.Tags)
	write := p.writes.under(at.id.Parent().Key(), func(ctx context.Context) error { return logs.put(ctx, at, s) })
	written := func(ctx context.Context) (bool, error) {
		is, err := logs.get(ctx, at)
		return err == nil && is.Enabled && difference(s, is) == "", err
	}
	if err := p.retry.write(ctx, write, written); err != nil {
		return r, fmt.Errorf("set back flow log %s: %w", at.name, err)
	}
	is, d, err := p.kept(ctx, rec, at, s)
	switch {
	case err == nil && !is.Enabled:
		err = errors.New("it is still switched off")
	case err == nil && d != "":
		err = fmt.Errorf("what is kept is not what was sent: %s", d)
	}
	if err != nil {
		return is, fmt.Errorf("set back flow log %s: %w", at.name, err)
	}
	return is, nil
}

// tagsOf are tags with ours in the place of what has their names, in any case.
func tagsOf(there, ours map[string]string) map[string]string {
	out := maps.Clone(ours)
	if out == nil {
		out = map[string]string{}
	}
	for key, value := range there {
		taken := false
		for mine := range ours {
			taken = taken || strings.EqualFold(mine, key)
		}
		if !taken {
			out[key] = value
		}
	}
	return out
}
