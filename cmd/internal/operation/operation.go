// Package operation is the engine room: one function for each thing that people
// can have done to the investigations of a file. Values in, values out; what is
// to be said on the way leaves through one function, and nothing here prints.
package operation

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

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/sync/errgroup"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/dictionary"
	"flowctl/plan/ledger"
	"flowctl/plan/resolve"
	"flowctl/plan/session"
	"flowctl/providers"
)

// Settings are what the outside gives an operation.
type Settings struct {
	Dir     string   // of all that flowctl keeps
	Environ []string // in which variables may stand
	Version string   // of flowctl, for what it writes
	Log     *slog.Logger
	Tags    *TagFile     // names public addresses; nil if none was given
	Prices  *plan.Prices // of traffic; nil if none were given
	// Names and Inventories are those that were given besides the file's and the run's.
	Names       []dictionary.Entry
	Inventories []*plan.Inventory
	Policies    []config.Policy // that plans are held against
	PolicyPaths []string        // where they are
	Emit        func(Event)     // what is to be said on the way; nil if nobody listens

	// Open opens providers; nil: as providers.Open does.
	Open func(config.Provider, providers.Env) (plan.Provider, error)
}

// Event is something that people want to see while an operation goes on: one of
// its fields is set.
type Event struct {
	Run      *apply.Event // a step of a run
	Warnings *Diagnosed   // of a file that is carried out all the same
}

func (s Settings) emit(e Event) {
	if s.Emit != nil {
		s.Emit(e)
	}
}

// Diagnosed is what is said about the lines of a file. It is an error if one of
// the diagnostics is.
type Diagnosed struct {
	Diags hcl.Diagnostics
	Files map[string]*hcl.File
}

func (d *Diagnosed) Error() string { return d.Diags.Error() }

// diagnose returns what is wrong as an error; warnings leave as an event.
func (s Settings) diagnose(cfg *config.Config, diags hcl.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	d := &Diagnosed{Diags: diags}
	if cfg != nil {
		d.Files = cfg.Files
	}
	if diags.HasErrors() {
		return d
	}
	s.emit(Event{Warnings: d})
	return nil
}

// Source is where investigations are read from.
type Source struct {
	Path     string
	Vars     []string // name=value
	VarFiles []string
	Open     bool // variables need no values
	empty    bool // the state may know what the file has no more
}

// Load reads the configuration. What is wrong with it is a *Diagnosed.
func Load(s Settings, src Source) (*config.Config, error) {
	cfg, diags := config.Load(src.Path, config.Inputs{Vars: src.Vars, VarFiles: src.VarFiles, Environ: s.Environ, Open: src.Open, Empty: src.empty})
	return cfg, s.diagnose(cfg, diags)
}

// Operation is a configuration with what Azure and the state say about it.
type Operation struct {
	Settings
	Source Source
	Config *config.Config

	providers   map[string]plan.Provider // by alias
	inventories map[string]*plan.Inventory
	indexes     func() map[string]*plan.Index // of the inventories
	recordings  map[string][]plan.Recording   // by alias
	backend     ledger.Backend
	lock        ledger.Lock // nil: nothing is changed
	ledger      ledger.Ledger
	again       bool     // record anew what is finished
	reported    []string // folders of the periods that this operation reported

	destroyed  map[string]bool  // investigations whose latest results were given up
	recovered  map[string]bool  // those that only results tell of
	unrecalled map[string]error // why it could not be read what is kept beside the data
}

// Open loads the configuration and reads what there is in Azure.
func Open(ctx context.Context, s Settings, src Source) (*Operation, error) {
	src.empty = true
	cfg, err := Load(s, src)
	if err != nil {
		return nil, err
	}
	backend, err := s.backend(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return open(ctx, s, src, cfg, backend, nil)
}

func open(ctx context.Context, s Settings, src Source, cfg *config.Config, backend ledger.Backend, lock ledger.Lock) (*Operation, error) {
	var err error
	op := &Operation{
		Settings: s, Source: src, Config: cfg, backend: backend, lock: lock,
		providers: map[string]plan.Provider{}, inventories: map[string]*plan.Inventory{}, recordings: map[string][]plan.Recording{},
		destroyed: map[string]bool{}, recovered: map[string]bool{}, unrecalled: map[string]error{},
	}
	op.indexes = sync.OnceValue(op.index)
	if op.ledger, err = op.backend.Read(ctx); err != nil {
		return nil, err
	}
	if err := op.bring(ctx); err != nil {
		return nil, err
	}
	if err := op.recover(); err != nil {
		return nil, err
	}
	if err := op.adoptRemoved(); err != nil {
		return nil, err
	}
	if err := op.connect(); err != nil {
		return nil, err
	}
	if err := op.read(ctx); err != nil {
		return op, err
	}
	return op, op.recall(ctx)
}

// Locked opens the configuration for an operation that changes something, and
// keeps others out until it is done.
func Locked(ctx context.Context, s Settings, src Source, name string, do func(*Operation) error) error {
	src.empty = true
	cfg, err := Load(s, src)
	if err != nil {
		return err
	}
	backend, err := s.backend(ctx, cfg)
	if err != nil {
		return err
	}
	lock, err := backend.Lock(ctx, name)
	if err != nil {
		return err
	}
	defer lock.Release()
	w := witness{did: map[string]int{}}
	w.listen(&s)
	op, err := open(ctx, s, src, cfg, backend, lock)
	if err != nil {
		return err
	}
	err = do(op)
	if errors.Is(err, ledger.ErrLost) || errors.Is(err, ledger.ErrStale) { // what is kept is another run's now
		return err
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(err, w.leave(ctx, op, name, err), op.keep(ctx))
}

// recover takes what the state does not know of an investigation from its
// latest results.
func (op *Operation) recover() error {
	for _, inv := range op.Config.Investigations {
		folder, ok := session.Latest(op.resultsOf(inv.Name))
		if op.ledger.Runs[inv.Name] != nil || !ok {
			continue
		}
		m, err := folder.Manifest()
		if err != nil {
			return err
		}
		op.destroyed[inv.Name] = m.Destroyed
		if !m.Destroyed {
			op.ledger.Runs[inv.Name], op.recovered[inv.Name] = m.Recover(folder.Path), true
		}
	}
	return nil
}

// resultsOf is where the results of an investigation's runs lie.
func (s Settings) resultsOf(name string) string { return filepath.Join(s.Dir, "results", name) }

// backend is where the ledger is kept, as the file says.
func (s Settings) backend(ctx context.Context, cfg *config.Config) (ledger.Backend, error) {
	st := cfg.State
	if st.Type != config.BlobState {
		return ledger.NewLocal(filepath.Join(s.Dir, "state.json")), nil
	}
	p, err := s.providerFor(cfg, st.AccountID)
	if err != nil {
		return nil, err
	}
	store, err := p.Store(ctx, st.AccountID, st.Container, st.Prefix)
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	r := &ledger.Remote{Store: store, Place: strings.TrimSuffix(st.AccountID.Name()+"/"+st.Container+"/"+st.Prefix, "/"), History: st.History}
	if st.Passphrase != "" || st.Key != "" {
		r.Seal = &ledger.Seal{Passphrase: st.Passphrase, Key: st.Key}
	}
	return r, nil
}

// providerFor is a provider of the subscription that holds an account.
func (s Settings) providerFor(cfg *config.Config, account plan.ID) (plan.Provider, error) {
	for _, p := range cfg.Providers {
		if p.Type == config.Azure && !strings.EqualFold(p.SubscriptionID, account.Subscription()) {
			continue
		}
		made, err := s.provider(p) // which knows the subscription of a sandbox
		if err != nil || strings.EqualFold(made.Subscription(), account.Subscription()) {
			return made, err
		}
	}
	return nil, fmt.Errorf("the state lies in storage account %s of subscription %s, for which the file has no provider: add one with an alias", account.Name(), account.Subscription())
}

// keeper saves what runs learn, while this operation holds the ledger's lock.
func (op *Operation) keeper() *ledger.Keeper { return ledger.NewKeeper(op.backend, op.lock, op.ledger) }

// connect makes the providers that some watch uses, and those of other
// subscriptions whose storage accounts are written to.
func (op *Operation) connect() error {
	used := map[string]bool{}
	for _, inv := range op.Config.Investigations {
		for _, w := range inv.Watches {
			used[w.Provider] = true
		}
		if inv.Removed {
			op.usedBy(inv.Name, used)
		}
	}
	for _, p := range op.Config.Providers {
		if !used[p.Alias] {
			continue
		}
		made, err := op.provider(p)
		if err != nil {
			return err
		}
		op.providers[p.Alias] = made
	}
	return op.connectStorage()
}

// connectStorage makes the providers of the subscriptions that hold accounts
// of the file, if no watch uses them.
func (op *Operation) connectStorage() error {
	wanted := op.storageElsewhere()
	for _, p := range op.Config.Providers {
		if len(wanted) == 0 {
			break
		}
		if op.providers[p.Alias] != nil || p.Type == config.Azure && !wanted[p.SubscriptionID] {
			continue
		}
		made, err := op.provider(p) // which knows the subscription of a sandbox
		if err != nil {
			return err
		}
		if id := strings.ToLower(made.Subscription()); wanted[id] {
			op.providers[p.Alias] = made
			delete(wanted, id)
		}
	}
	return nil
}

// storageElsewhere are the subscriptions of the file's accounts that no
// provider so far is for, in lower case.
func (op *Operation) storageElsewhere() map[string]bool {
	out := map[string]bool{}
	for _, inv := range op.Config.Investigations {
		for _, st := range inv.Storage {
			out[strings.ToLower(st.AccountID.Subscription())] = true
		}
	}
	for _, p := range op.providers {
		delete(out, strings.ToLower(p.Subscription()))
	}
	return out
}

func (s Settings) provider(p config.Provider) (plan.Provider, error) {
	open := s.Open
	if open == nil {
		open = providers.Open
	}
	made, err := open(p, providers.Env{Dir: s.Dir, Log: s.Log})
	if err != nil {
		return nil, fmt.Errorf("provider %q: %w", p.Alias, err)
	}
	return made, nil
}

// Count writes to the debug log how many requests each provider has made of
// Resource Manager, in all and by what they were about.
func (op *Operation) Count(ctx context.Context) {
	for _, alias := range op.aliases() {
		p := op.providers[alias]
		requests := p.Requests()
		total := 0
		var attrs []any
		for _, kind := range slices.Sorted(maps.Keys(requests)) {
			total += requests[kind]
			attrs = append(attrs, slog.Int(kind, requests[kind]))
		}
		op.Log.DebugContext(ctx, "requests to Resource Manager", "provider", alias, "subscription", p.Subscription(), "total", total, slog.Group("by", attrs...))
	}
}

// read asks every provider what its subscription holds.
func (op *Operation) read(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	var mu sync.Mutex
	for alias, p := range op.providers {
		g.Go(func() error {
			inv, recs, err := survey(ctx, alias, p)
			mu.Lock()
			defer mu.Unlock()
			op.inventories[alias], op.recordings[alias] = inv, recs
			return err
		})
	}
	return g.Wait()
}

// index makes the indexes of the inventories, once they are read.
func (op *Operation) index() map[string]*plan.Index {
	all := make(map[string]*plan.Index, len(op.inventories))
	for alias, inv := range op.inventories {
		all[alias] = inv.Index()
	}
	return all
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

func (op *Operation) aliases() []string { return slices.Sorted(maps.Keys(op.providers)) }

// now is the time of the provider that an investigation uses.
func (op *Operation) now() time.Time {
	for _, a := range op.aliases() {
		return op.providers[a].Clock().Now().UTC()
	}
	return time.Now().UTC()
}

func (op *Operation) allRecordings() []plan.Recording {
	var out []plan.Recording
	for _, a := range op.aliases() {
		out = append(out, op.recordings[a]...)
	}
	return out
}

func (op *Operation) allInventories() []*plan.Inventory {
	var out []*plan.Inventory
	for _, a := range op.aliases() {
		out = append(out, op.inventories[a])
	}
	return out
}
