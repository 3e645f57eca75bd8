package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
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

// connect makes the providers that some watch uses, and those of other
// subscriptions whose storage accounts are written to.
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
		made, err := provider(p, env)
		if err != nil {
			return err
		}
		ws.providers[p.Alias] = made
	}
	return ws.connectStorage(env)
}

// connectStorage makes the providers of the subscriptions that hold accounts
// of the file, if no watch uses them.
func (ws *workspace) connectStorage(env *Env) error {
	wanted := ws.storageElsewhere()
	for _, p := range ws.config.Providers {
		if len(wanted) == 0 {
			break
		}
		if ws.providers[p.Alias] != nil || p.Type == config.Azure && !wanted[p.SubscriptionID] {
			continue
		}
		made, err := provider(p, env) // which knows the subscription of a sandbox
		if err != nil {
			return err
		}
		if id := strings.ToLower(made.Subscription()); wanted[id] {
			ws.providers[p.Alias] = made
			delete(wanted, id)
		}
	}
	return nil
}

// storageElsewhere are the subscriptions of the file's accounts that no
// provider so far is for, in lower case.
func (ws *workspace) storageElsewhere() map[string]bool {
	out := map[string]bool{}
	for _, inv := range ws.config.Investigations {
		for _, st := range inv.Storage {
			out[strings.ToLower(st.AccountID.Subscription())] = true
		}
	}
	for _, p := range ws.providers {
		delete(out, strings.ToLower(p.Subscription()))
	}
	return out
}

func provider(p config.Provider, env *Env) (plan.Provider, error) {
	made, err := providers.Open(p, providers.Env{Dir: env.Root(), Log: env.log})
	if err != nil {
		return nil, fmt.Errorf("provider %q: %w", p.Alias, err)
	}
	return made, nil
}

// count writes to the debug log how many requests each provider has made of
// Resource Manager, in all and by what they were about.
func (ws *workspace) count(ctx context.Context, env *Env) {
	for _, alias := range ws.aliases() {
		p := ws.providers[alias]
		requests := p.Requests()
		total := 0
		var attrs []any
		for _, kind := range slices.Sorted(maps.Keys(requests)) {
			total += requests[kind]
			attrs = append(attrs, slog.Int(kind, requests[kind]))
		}
		env.log.DebugContext(ctx, "requests to Resource Manager", "provider", alias, "subscription", p.Subscription(), "total", total, slog.Group("by", attrs...))
	}
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
