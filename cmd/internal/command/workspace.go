package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/resolve"
	"flowctl/plan/session"
	"flowctl/plan/state"
	"flowctl/providers"
)

// workspace is a configuration with what Azure and the state say about it.
type workspace struct {
	config      *config.Config
	providers   map[string]plan.Provider // by alias
	inventories map[string]*plan.Inventory
	recordings  map[string][]plan.Recording // by alias
	state       *state.File
	snapshot    state.Snapshot
	again       bool // record anew what is finished
}

// open loads the configuration and reads what there is in Azure.
func (s *source) open(ctx context.Context, env *Env) (*workspace, error) {
	cfg, err := s.load(env)
	if err != nil {
		return nil, err
	}
	ws := &workspace{
		config: cfg, state: stateFile(env),
		providers: map[string]plan.Provider{}, inventories: map[string]*plan.Inventory{}, recordings: map[string][]plan.Recording{},
	}
	if ws.snapshot, err = ws.state.Read(); err != nil {
		return nil, err
	}
	if err := ws.recover(env); err != nil {
		return nil, err
	}
	if err := ws.connect(env); err != nil {
		return nil, err
	}
	return ws, ws.read(ctx)
}

// recover takes what the state does not know of an investigation from its
// latest results.
func (ws *workspace) recover(env *Env) error {
	for _, inv := range ws.config.Investigations {
		folder, ok := session.Latest(resultsOf(env, inv.Name))
		if ws.snapshot.Runs[inv.Name] != nil || !ok {
			continue
		}
		m, err := folder.Manifest()
		if err != nil {
			return err
		}
		if !m.Destroyed {
			ws.snapshot.Runs[inv.Name] = state.Recover(folder.Path, m)
		}
	}
	return nil
}

// resultsOf is where the results of an investigation's runs lie.
func resultsOf(env *Env, name string) string { return filepath.Join(env.Root(), "results", name) }

// locked opens the workspace for an operation that changes something, and
// keeps others out until it is done.
func (s *source) locked(ctx context.Context, env *Env, operation string, do func(*workspace) error) error {
	unlock, err := stateFile(env).Lock(operation)
	if err != nil {
		return err
	}
	defer unlock()
	ws, err := s.open(ctx, env)
	if err != nil {
		return err
	}
	return do(ws)
}

// each does something for every investigation of the file, also after one
// failed, and saves the state.
func (ws *workspace) each(do func(name string) error) error {
	var errs []error
	for _, inv := range ws.config.Investigations {
		errs = append(errs, do(inv.Name))
	}
	_, err := ws.state.Write(ws.snapshot)
	return errors.Join(append(errs, err)...)
}

func stateFile(env *Env) *state.File { return state.Open(filepath.Join(env.Root(), "state.json")) }

// connect makes the providers that some watch uses.
func (ws *workspace) connect(env *Env) error {
	used := map[string]bool{}
	for _, inv := range ws.config.Investigations {
		for _, w := range inv.Watches {
			used[w.Provider] = true
		}
	}
	for _, p := range ws.config.Providers {
		if !used[p.Alias] {
			continue
		}
		made, err := providers.Open(p, providers.Env{Dir: env.Root(), Log: env.log})
		if err != nil {
			return fmt.Errorf("provider %q: %w", p.Alias, err)
		}
		ws.providers[p.Alias] = made
	}
	return nil
}

// read asks every provider what its subscription holds.
func (ws *workspace) read(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	var mu sync.Mutex
	for alias, p := range ws.providers {
		g.Go(func() error {
			inv, recs, err := survey(ctx, alias, p)
			mu.Lock()
			defer mu.Unlock()
			ws.inventories[alias], ws.recordings[alias] = inv, recs
			return err
		})
	}
	return g.Wait()
}

func survey(ctx context.Context, alias string, p plan.Provider) (*plan.Inventory, []plan.Recording, error) {
	inv, err := p.Inventory(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read subscription %s: %w", p.Subscription(), err)
	}
	inv.Provider = alias
	recs, err := p.Recordings(ctx, inv.Watchers)
	if err != nil {
		return inv, recs, fmt.Errorf("list flow logs and captures of subscription %s: %w", p.Subscription(), err)
	}
	resolve.Within(inv, recs)
	return inv, recs, nil
}

func (ws *workspace) aliases() []string { return slices.Sorted(maps.Keys(ws.providers)) }

// now is the time of the provider that an investigation uses.
func (ws *workspace) now() time.Time {
	for _, a := range ws.aliases() {
		return ws.providers[a].Clock().Now().UTC()
	}
	return time.Now().UTC()
}

func (ws *workspace) allRecordings() []plan.Recording {
	var out []plan.Recording
	for _, a := range ws.aliases() {
		out = append(out, ws.recordings[a]...)
	}
	return out
}

func (ws *workspace) allInventories() []*plan.Inventory {
	var out []*plan.Inventory
	for _, a := range ws.aliases() {
		out = append(out, ws.inventories[a])
	}
	return out
}

// plans makes the plan of every investigation; what is wrong with the file in
// the light of Azure is shown.
func (ws *workspace) plans(ctx context.Context, env *Env) ([]plan.Plan, error) {
	var out []plan.Plan
	var errs []error
	for _, inv := range ws.config.Investigations {
		now := ws.now()
		asked, diags := resolve.Queries(ctx, inv, ws.inventories, ws.checkers())
		if err := env.diagnose(ws.config, diags); err != nil {
			errs = append(errs, err)
			continue
		}
		res, diags := resolve.Investigation(asked, ws.inventories, now)
		if err := env.diagnose(ws.config, diags); err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, ws.plan(res, now))
	}
	return out, errors.Join(errs...)
}

func (ws *workspace) plan(res resolve.Result, now time.Time) plan.Plan {
	name := res.Investigation.Name
	run := ws.snapshot.Runs[name]
	if ws.again && run != nil && !run.Finished.IsZero() {
		run = nil
	}
	p := plan.Plan{
		Investigation: res.Investigation, Made: now, Views: res.Views, Findings: res.Findings,
		Changes:  plan.Diff(name, res.Sessions, ws.allRecordings(), prior(run), now),
		Finished: run != nil && !run.Finished.IsZero(),
	}
	if p.Count(plan.Create, plan.Replace) == 0 { // what is there can still be collected
		p.Findings = slices.DeleteFunc(p.Findings, func(f plan.Finding) bool { return f.Code == plan.WindowOver })
	}
	p.Ends = ends(res.Investigation, now)
	if run != nil && run.Finished.IsZero() {
		p.Ends = run.Ends
	} else {
		p.Ends = apply.Ends(p)
	}
	return p
}

// ends is when a time box that begins now, or when the file says, is over.
func ends(inv plan.Investigation, now time.Time) time.Time {
	switch {
	case !inv.End.IsZero():
		return inv.End
	case inv.Start.After(now):
		return inv.Start.Add(inv.Window)
	}
	return now.Add(inv.Window)
}

// prior tells the planner what was collected before.
func prior(run *state.Run) plan.Prior {
	p := plan.Prior{Collected: map[string]string{}}
	if run == nil {
		return p
	}
	for print, s := range run.Sessions {
		if s.Phase == state.Collected || s.Phase == state.Removed {
			p.Collected[print] = s.Digest
		}
	}
	return p
}
