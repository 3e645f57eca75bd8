package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/preflight"
)

// guard reads what only a plan needs to know of the subscriptions: locks,
// registrations, quotas and what else stands in the way.
func (ws *workspace) guard(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for alias, p := range ws.providers {
		g.Go(func() error { return p.Guards(ctx, ws.inventories[alias]) })
	}
	return g.Wait()
}

// checked makes the plans with all that there is to say about them.
func (ws *workspace) checked(ctx context.Context, env *Env) ([]plan.Plan, error) {
	if err := ws.guard(ctx); err != nil {
		return nil, err
	}
	plans, err := ws.plans(ctx, env)
	if err != nil {
		return nil, err
	}
	for i, p := range plans { // all investigations have one if there was no error
		plans[i] = ws.preflight(ctx, ws.config.Investigations[i], p)
	}
	return plans, nil
}

// checkers are the providers as those who answer a plan's questions.
func (ws *workspace) checkers() map[string]plan.Checker {
	out := map[string]plan.Checker{}
	for alias, p := range ws.providers {
		out[alias] = p
	}
	return out
}

// preflight adds to a plan what there is to say before it is carried out. A
// plan that does nothing has no need of it.
func (ws *workspace) preflight(ctx context.Context, inv *config.Investigation, p plan.Plan) plan.Plan {
	if !p.Pending() {
		preflight.Sort(p.Findings)
		return p
	}
	in := ws.input(inv, p)
	in.Facts = preflight.Ask(ctx, in, ws.checkers())
	in.Facts.Samples = ws.samples(ctx, in, in.Facts.Unread)
	p.Findings = append(p.Findings, preflight.Check(in)...)
	preflight.Sort(p.Findings)
	p.Cost = preflight.Cost(in)
	return p
}

func (ws *workspace) input(inv *config.Investigation, p plan.Plan) preflight.Input {
	return preflight.Input{Config: inv, Plan: p, Inventories: ws.inventories, Recordings: ws.allRecordings()}
}

// How flow logs that are there are looked at for the cost of new ones.
const (
	sampled     = 24 * time.Hour
	mostSamples = 5
)

// samples measures what flow logs wrote lately: those that the plan reads,
// and for new ones one of the same region. What cannot be read is noted.
func (ws *workspace) samples(ctx context.Context, in preflight.Input, unread map[string][]string) []preflight.Sample {
	if in.Config.Budget != nil && in.Config.Budget.LogRate > 0 {
		return nil // the file knows better
	}
	var out []preflight.Sample
	for _, r := range ws.worthALook(in.Plan) {
		s, err := ws.sample(ctx, r, in.Plan.Made)
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
func (ws *workspace) worthALook(p plan.Plan) []foreign {
	wanted, regions := map[string]bool{}, map[string]bool{}
	for _, c := range p.Changes {
		switch {
		case c.Action == plan.Reuse:
			wanted[c.Recording.ID.Key()] = true
		case c.Action == plan.Create && c.Mechanism() == plan.FlowLog:
			regions[regionOf(c.Session.Target.Location)] = true
		}
	}
	var out []foreign
	for _, reads := range []bool{true, false} {
		for _, alias := range ws.aliases() {
			for _, r := range ws.recordings[alias] {
				_, ours := plan.ParseName(r.ID.Name())
				if ours || r.Mechanism != plan.FlowLog || !r.Enabled || wanted[r.ID.Key()] != reads || len(out) == mostSamples {
					continue
				}
				if region := regionOf(r.Location); reads || regions[region] {
					regions[region] = false
					out = append(out, foreign{r, alias})
				}
			}
		}
	}
	return out
}

func regionOf(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}

func (ws *workspace) sample(ctx context.Context, r foreign, now time.Time) (preflight.Sample, error) {
	s := preflight.Sample{Recording: r.ID, Location: r.Location, Hours: sampled.Hours(), Interfaces: len(ws.inventories[r.alias].Index().Interfaces(r.Target))}
	target := plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{ID: r.Target, Location: r.Location, Provider: r.alias}}
	var err error
	s.Bytes, err = fetch.Collector{Providers: ws.providers, Inventories: ws.allInventories()}.Measure(ctx, apply.Want{
		Session: target, Recording: r.Recording, Start: now.Add(-sampled), End: now,
	})
	return s, err
}

// printRole prints the custom role of what the plans need, and nothing else.
func (ws *workspace) printRole(env *Env, plans []plan.Plan) error {
	var needs []preflight.Need
	var names []string
	for i, p := range plans {
		needs = append(needs, preflight.Needs(ws.input(ws.config.Investigations[i], p))...)
		names = append(names, p.Investigation.Name)
	}
	role := preflight.Role("flowctl "+strings.Join(names, " "), "What flowctl needs to carry out "+ws.config.Path, needs)
	enc := json.NewEncoder(env.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(role); err != nil {
		return fmt.Errorf("print role: %w", err)
	}
	return nil
}
