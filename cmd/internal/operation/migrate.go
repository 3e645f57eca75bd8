package operation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/ledger"
	"flowctl/plan/migrate"
	"flowctl/plan/price"
)

// MigrateOptions say in which subscriptions NSG flow logs are looked for.
type MigrateOptions struct {
	Source        *Source // file whose providers are asked; nil for none
	Subscriptions []string
	MetadataHost  string
}

// Migration is what a migration from NSG flow logs comes to, in its stable JSON form.
type Migration struct {
	Format    string             `json:"format"`
	Made      time.Time          `json:"made"`
	Simulated bool               `json:"simulated,omitempty"`
	Logs      []migrate.Log      `json:"logs"`
	Proposals []migrate.Proposal `json:"proposals"`
	Volume    migrate.Volume     `json:"volume"`

	providers []config.Provider
}

// Removals is a plan of which NSG flow logs are removed, as it is kept in a file.
type Removals struct {
	Format string              `json:"format"`
	Kind   string              `json:"kind"`
	Made   time.Time           `json:"made"`
	Remove []migrate.Removable `json:"remove"`
	Kept   []migrate.Kept      `json:"kept"`
}

// What tells the file of a removal from others.
const (
	removalsFormat = "1"
	removalsKind   = "flowctl removal of NSG flow logs"
)

// Migrator knows the subscriptions that were looked through.
type Migrator struct {
	op   *Operation
	logs []migrate.Log
	host string // of the cloud of subscriptions that no file names
}

// NewMigrator reads what the subscriptions hold.
func NewMigrator(ctx context.Context, s Settings, o MigrateOptions) (*Migrator, error) {
	op := &Operation{
		Settings: s, Config: &config.Config{}, ledger: ledger.Ledger{},
		providers: map[string]plan.Provider{}, inventories: map[string]*plan.Inventory{}, recordings: map[string][]plan.Recording{},
	}
	op.indexes = sync.OnceValue(op.index)
	if o.Source != nil {
		o.Source.empty = true
	}
	if err := op.sweepers(SweepOptions{Source: o.Source, Subscriptions: o.Subscriptions, MetadataHost: o.MetadataHost}); err != nil {
		return nil, err
	}
	if err := op.read(ctx); err != nil {
		return nil, err
	}
	return &Migrator{op, migrate.Inventory(op.allInventories(), op.allRecordings()), o.MetadataHost}, nil
}

// Count writes to the debug log what was asked of Resource Manager.
func (m *Migrator) Count(ctx context.Context) { m.op.Count(ctx) }

// Propose says what would take the place of the NSG flow logs, and measures them.
func (m *Migrator) Propose(ctx context.Context) (Migration, error) {
	out := Migration{Format: "1", Made: m.op.now(), Logs: m.logs}
	if err := m.measure(ctx, out.Made); err != nil {
		return out, err
	}
	out.Proposals = migrate.Propose(m.op.allInventories(), m.logs)
	out.Volume = migrate.Estimate(m.logs, out.Proposals, price.Own())
	for _, alias := range m.op.aliases() {
		i := slices.IndexFunc(m.op.Config.Providers, func(p config.Provider) bool { return p.Alias == alias })
		if i < 0 { // of --subscription
			id := m.op.providers[alias].Subscription()
			out.providers = append(out.providers, config.Provider{Type: config.Azure, Alias: config.Azure, SubscriptionID: id, MetadataHost: m.host})
			if len(m.op.providers) > 1 {
				out.providers[len(out.providers)-1].Alias = aliasOf(id)
			}
			continue
		}
		p := m.op.Config.Providers[i]
		out.Simulated = out.Simulated || p.Type == config.Sandbox
		out.providers = append(out.providers, p)
	}
	return out, nil
}

// aliasOf is the alias of the provider of a subscription, whose id may begin with a digit.
func aliasOf(subscription string) string { return "s-" + strings.ToLower(subscription) }

// File is the monitor file of a migration.
func (m Migration) File(owner string) []byte {
	proposals := slices.Clone(m.Proposals)
	for i, p := range proposals {
		if !slices.ContainsFunc(m.providers, func(c config.Provider) bool { return c.Alias == p.Provider }) {
			proposals[i].Provider = aliasOf(p.Provider)
		}
	}
	return migrate.Monitor(migrate.File{Owner: owner, Providers: m.providers}, proposals)
}

// Times that are looked at.
const (
	volumeOf  = 24 * time.Hour // of NSG flow logs, for their volume
	provenFor = 2 * time.Hour  // of flow logs that take their place
)

// measure notes how much the NSG flow logs wrote in a day.
func (m *Migrator) measure(ctx context.Context, now time.Time) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(sweptAtOnce)
	for i := range m.logs {
		l := &m.logs[i]
		g.Go(func() error {
			n, err := m.written(ctx, l.ID, now.Add(-volumeOf), now)
			if err != nil {
				l.Unread = err.Error()
				return ctx.Err()
			}
			l.Bytes = &n
			return nil
		})
	}
	return g.Wait()
}

// written is how much a flow log wrote in a time.
func (m *Migrator) written(ctx context.Context, id plan.ID, from, to time.Time) (int64, error) {
	for _, alias := range m.op.aliases() {
		for _, r := range m.op.recordings[alias] {
			if r.ID.Is(id) {
				s := plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{ID: r.Target, Location: r.Location, Provider: alias}}
				return fetch.Collector{Providers: m.op.providers, Inventories: m.op.allInventories()}.Measure(ctx, apply.Want{Session: s, Recording: r, Start: from, End: to})
			}
		}
	}
	return 0, fmt.Errorf("flow log %s is not there", id)
}

// Removal plans which NSG flow logs can be removed.
func (m *Migrator) Removal(ctx context.Context) (Removals, error) {
	out := Removals{Format: removalsFormat, Kind: removalsKind, Made: m.op.now()}
	proven := map[string]bool{}
	for _, l := range m.logs {
		for _, id := range l.Covering() {
			if _, asked := proven[id.Key()]; asked {
				continue
			}
			n, err := m.written(ctx, id, out.Made.Add(-provenFor), out.Made)
			if err != nil {
				return out, fmt.Errorf("look at what flow log %s wrote: %w", id.Name(), err)
			}
			proven[id.Key()] = n > 0
		}
	}
	out.Remove, out.Kept = migrate.Removal(m.logs, proven)
	return out, nil
}

// ParseRemovals reads the file of a removal.
func ParseRemovals(b []byte) (Removals, error) {
	var r Removals
	if err := json.Unmarshal(b, &r); err != nil || r.Kind != removalsKind {
		return r, errors.New("it is no plan of a removal; flowctl migrate nsg --remove --out FILE writes one")
	}
	if r.Format != removalsFormat {
		return r, fmt.Errorf("its format is %q, and this flowctl reads %s: plan the removal again", r.Format, removalsFormat)
	}
	return r, nil
}

// Remove carries out a reviewed removal, if all of it is as it was reviewed. It returns
// what was removed, also where the rest failed.
func (m *Migrator) Remove(ctx context.Context, reviewed Removals) (removed []plan.ID, err error) {
	now, err := m.Removal(ctx)
	if err != nil {
		return nil, err
	}
	var todo []migrate.Removable
	for _, r := range reviewed.Remove {
		if !slices.ContainsFunc(m.logs, func(l migrate.Log) bool { return l.ID.Is(r.ID) }) {
			continue // somebody removed it since
		}
		i := slices.IndexFunc(now.Remove, func(n migrate.Removable) bool { return n.ID.Is(r.ID) && n.NSG.Is(r.NSG) })
		if i < 0 || !slices.EqualFunc(now.Remove[i].By, r.By, plan.ID.Is) {
			return nil, fmt.Errorf("NSG flow log %s is not as it was when the removal was reviewed (%s): nothing was removed. Plan it again: flowctl migrate nsg --remove --out FILE", r.ID.Name(), reviewed.Made.UTC().Format(time.RFC3339))
		}
		todo = append(todo, r)
	}
	for _, r := range todo {
		for _, alias := range m.op.aliases() {
			for _, rec := range m.op.recordings[alias] {
				if !rec.ID.Is(r.ID) {
					continue
				}
				if err := m.op.providers[alias].Remove(ctx, rec); err != nil {
					return removed, fmt.Errorf("remove NSG flow log %s: %w", r.ID.Name(), err)
				}
				removed = append(removed, r.ID)
			}
		}
	}
	return removed, nil
}
