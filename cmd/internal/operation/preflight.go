package operation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/preflight"
	"flowctl/plan/region"
)

// guard reads what only a plan needs to know of the subscriptions: locks,
// registrations, quotas and what else stands in the way.
func (op *Operation) guard(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for alias, p := range op.providers {
		g.Go(func() error { return p.Guards(ctx, op.inventories[alias]) })
	}
	return g.Wait()
}

// checkers are the providers as those who answer a plan's questions.
func (op *Operation) checkers() map[string]plan.Checker {
	out := map[string]plan.Checker{}
	for alias, p := range op.providers {
		out[alias] = p
	}
	return out
}

// preflight adds to a plan what there is to say before it is carried out. A
// plan that does nothing has no need of it.
func (op *Operation) preflight(ctx context.Context, inv *config.Investigation, p plan.Plan) plan.Plan {
	if !p.Pending() {
		p.Findings = preflight.Once(p.Findings)
		return p
	}
	in := op.input(inv, p)
	in.Facts = preflight.Ask(ctx, in, op.checkers())
	in.Facts.Samples = op.samples(ctx, in, in.Facts.Unread)
	p.Findings = append(p.Findings, preflight.Check(in)...)
	p.Findings = preflight.Once(p.Findings)
	p.Cost = preflight.Cost(in)
	return p
}

func (op *Operation) input(inv *config.Investigation, p plan.Plan) preflight.Input {
	return preflight.Input{Config: inv, Plan: p, Inventories: op.inventories, Indexes: op.indexes(), Recordings: op.allRecordings()}
}

// How flow logs that are there are looked at for the cost of new ones.
const (
	sampled     = 24 * time.Hour
	mostSamples = 5
)

// samples measures what flow logs wrote lately: those that the plan reads,
// and for new ones one of the same region. What cannot be read is noted.
func (op *Operation) samples(ctx context.Context, in preflight.Input, unread map[string][]string) []preflight.Sample {
	if in.Config.Budget != nil && in.Config.Budget.LogRate > 0 {
		return nil // the file knows better
	}
	var out []preflight.Sample
	for _, r := range op.worthALook(in.Plan) {
		s, err := op.sample(ctx, r, in.Plan.Made)
		switch {
		case err != nil:
			unread[r.alias] = append(unread[r.alias], fmt.Sprintf("volume of flow log %s: %s", r.ID.Name(), err))
		case s.Bytes > 0: // one that wrote nothing tells nothing
			out = append(out, s)
		}
	}
	return out
}

type foreign struct {
	plan.Recording
	alias string
}

// worthALook picks flow logs of others that write: those that are read, then
// one in each region in which one is made.
func (op *Operation) worthALook(p plan.Plan) []foreign {
	wanted, regions := map[string]bool{}, map[string]bool{}
	for _, c := range p.Changes {
		switch {
		case c.Action == plan.Reuse:
			wanted[c.Recording.ID.Key()] = true
		case c.Action == plan.Create && c.Mechanism() == plan.FlowLog:
			regions[region.Name(c.Session.Target.Location)] = true
		}
	}
	var out []foreign
	for _, reads := range []bool{true, false} {
		for _, alias := range op.aliases() {
			for _, r := range op.recordings[alias] {
				_, ours := plan.ParseName(r.ID.Name())
				if ours || r.Mechanism != plan.FlowLog || !r.Enabled || wanted[r.ID.Key()] != reads || len(out) == mostSamples {
					continue
				}
				if at := region.Name(r.Location); reads || regions[at] {
					regions[at] = false
					out = append(out, foreign{r, alias})
				}
			}
		}
	}
	return out
}

func (op *Operation) sample(ctx context.Context, r foreign, now time.Time) (preflight.Sample, error) {
	s := preflight.Sample{Recording: r.ID, Location: r.Location, Hours: sampled.Hours(), Interfaces: len(op.indexes()[r.alias].Interfaces(r.Target))}
	target := plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{ID: r.Target, Location: r.Location, Provider: r.alias}}
	var err error
	s.Bytes, err = fetch.Collector{Providers: op.providers, Inventories: op.allInventories()}.Measure(ctx, apply.Want{
		Session: target, Recording: r.Recording, Start: now.Add(-sampled), End: now,
	})
	return s, err
}

// Role is the custom role of what the plans need, and nothing else.
func (op *Operation) Role(plans []plan.Plan) preflight.RoleDefinition {
	var needs []preflight.Need
	var names []string
	for i, p := range plans {
		needs = append(needs, preflight.RoleNeeds(op.input(op.Config.Investigations[i], p))...)
		names = append(names, p.Investigation.Name)
	}
	if st := op.Config.State; st.Type == config.BlobState {
		needs = append(needs, preflight.KeepNeeds(st.AccountID)...)
	}
	return preflight.Role("flowctl "+strings.Join(names, " "), "What flowctl needs to carry out "+op.Config.Path, needs)
}
