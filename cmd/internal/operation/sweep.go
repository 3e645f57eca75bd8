package operation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/session"
)

// SweepOptions say where to sweep, and what.
type SweepOptions struct {
	Source        *Source       // file whose providers are asked; nil for none
	Subscriptions []string      // to sweep: of the file's providers only these, without a file all of these
	MetadataHost  string        // of the cloud of Subscriptions, without a file
	OlderThan     time.Duration // past the deadline, at least
	DryRun        bool
}

// Swept is what a sweep found and did, in its stable JSON form.
type Swept struct {
	Format string      `json:"format"`
	Now    time.Time   `json:"now"`
	DryRun bool        `json:"dry_run"`
	Items  []SweptItem `json:"items"`
}

// SweptItem is one thing in Azure that flowctl made.
type SweptItem struct {
	ID            plan.ID   `json:"id"`
	Kind          string    `json:"kind"` // flow_log, packet_capture, agent, lifecycle_rules
	Subscription  string    `json:"subscription"`
	Investigation string    `json:"investigation"`
	Target        plan.ID   `json:"target"`
	Deadline      time.Time `json:"deadline"`
	Action        string    `json:"action"`           // keep, remove, removed, left
	Reason        string    `json:"reason,omitempty"` // why it is kept or was left, or what is lost with it
	Collected     int64     `json:"collected_bytes"`
	Results       string    `json:"results,omitempty"`

	alias     string
	recording plan.Recording
	agent     plan.Agent
	undo      apply.Undo
}

// What is swept besides recordings.
const (
	sweptAgent = "agent"
	sweptRules = "lifecycle_rules" // that a retention made Azure change
)

// What became of things.
const (
	SweepKeep    = "keep"
	SweepRemove  = "remove" // by a sweep that is not dry
	SweepRemoved = "removed"
	SweepLeft    = "left"
)

// Left counts what could not be removed.
func (s Swept) Left() int {
	n := 0
	for _, i := range s.Items {
		if i.Action == SweepLeft {
			n++
		}
	}
	return n
}

// Sweep collects and removes what flowctl made and that is past its deadline,
// in whole subscriptions and without knowing any file: names and tags in Azure
// say what is flowctl's, for which investigation, and until when. What carries
// neither is never touched.
func Sweep(ctx context.Context, s Settings, o SweepOptions) (Swept, error) {
	op := &Operation{
		Settings: s, Config: &config.Config{},
		providers: map[string]plan.Provider{}, inventories: map[string]*plan.Inventory{}, recordings: map[string][]plan.Recording{},
	}
	op.indexes = sync.OnceValue(op.index)
	if err := op.sweepers(o); err != nil {
		return Swept{}, err
	}
	var err error
	if op.backend, err = s.backend(ctx, op.Config); err != nil {
		return Swept{}, err
	}
	if !o.DryRun {
		lock, err := op.backend.Lock(ctx, "sweep")
		if err != nil {
			return Swept{}, err
		}
		defer lock.Release()
		op.lock = lock
	}
	if op.ledger, err = op.backend.Read(ctx); err != nil {
		return Swept{}, err
	}
	if err := op.read(ctx); err != nil {
		return Swept{}, err
	}
	defer op.Count(ctx)
	return op.sweep(ctx, o)
}

// sweepers opens the providers of the subscriptions to sweep.
func (op *Operation) sweepers(o SweepOptions) error {
	var list []config.Provider
	if o.Source == nil {
		for _, id := range o.Subscriptions {
			list = append(list, config.Provider{Type: config.Azure, Alias: id, SubscriptionID: id, MetadataHost: o.MetadataHost})
		}
	} else {
		cfg, err := Load(op.Settings, *o.Source)
		if err != nil {
			return err
		}
		op.Config, list = cfg, cfg.Providers
	}
	seen := map[string]bool{}
	for _, p := range list {
		made, err := op.provider(p)
		if err != nil {
			return err
		}
		id := strings.ToLower(made.Subscription())
		if len(o.Subscriptions) > 0 && !slices.ContainsFunc(o.Subscriptions, func(s string) bool { return strings.EqualFold(s, id) }) || seen[p.Type+id] {
			continue
		}
		seen[p.Type+id] = true
		op.providers[p.Alias] = made
	}
	if len(op.providers) == 0 {
		return errors.New("no subscription to look through: give --subscription, or a file with a provider of it")
	}
	return nil
}

func (op *Operation) sweep(ctx context.Context, o SweepOptions) (Swept, error) {
	out := Swept{Format: "1", Now: op.now(), DryRun: o.DryRun, Items: []SweptItem{}}
	for _, alias := range op.aliases() {
		for _, r := range op.recordings[alias] {
			if n, ok := plan.ParseName(r.ID.Name()); ok && !r.Deadline().Equal(plan.Forever) { // a monitor's is never due
				out.Items = append(out.Items, SweptItem{ID: r.ID, Kind: string(r.Mechanism), Investigation: n.Investigation, Target: r.Target, Deadline: r.Deadline(), alias: alias, recording: r})
			}
		}
		agents, err := op.providers[alias].Agents(ctx)
		if err != nil {
			return out, fmt.Errorf("list agents of subscription %s: %w", op.providers[alias].Subscription(), err)
		}
		for _, a := range agents {
			out.Items = append(out.Items, SweptItem{ID: a.ID, Kind: sweptAgent, Investigation: a.Investigation, Target: a.Machine.ID, Deadline: a.Expires, alias: alias, agent: a})
		}
		for _, u := range op.undos(ctx, alias) {
			out.Items = append(out.Items, SweptItem{ID: policyOf(u.Before.Account), Kind: sweptRules, Investigation: u.Investigation, Target: u.Before.Account, Deadline: u.Expires, alias: alias, undo: u})
		}
	}
	slices.SortFunc(out.Items, func(a, b SweptItem) int {
		return cmp.Or(cmp.Compare(a.alias, b.alias), cmp.Compare(a.Investigation, b.Investigation), cmp.Compare(a.ID.Key(), b.ID.Key()))
	})
	due := map[[2]string][]*SweptItem{} // by investigation and deadline
	for i := range out.Items {
		item := &out.Items[i]
		item.Subscription = op.providers[item.alias].Subscription()
		// The last records of a window are still being written, and who follows
		// the recording collects them.
		after := item.Deadline.Add(max(o.OlderThan, apply.DefaultLimits.Settle))
		if ends := op.underWayUntil(item.Investigation); ends.After(item.Deadline) {
			after = ends.Add(max(o.OlderThan, apply.DefaultLimits.Settle)) // its window was moved, or a later run sees to it
		}
		if out.Now.Before(after) {
			item.Action, item.Reason = SweepKeep, "due from "+after.UTC().Format("2006-01-02 15:04:05 MST")
			continue
		}
		item.Action = SweepRemove
		key := [2]string{item.Investigation, item.Deadline.UTC().Format(time.RFC3339)}
		due[key] = append(due[key], item)
	}
	if o.DryRun {
		return out, nil
	}
	var errs []error
	for _, key := range slices.SortedFunc(maps.Keys(due), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	}) {
		errs = append(errs, op.sweepRun(ctx, due[key]))
	}
	return out, errors.Join(errs...)
}

// underWayUntil is when the run of an investigation ends that the ledger has
// under way; zero if there is none.
func (op *Operation) underWayUntil(name string) time.Time {
	run := op.ledger.Runs[name]
	if run == nil || !run.Finished.IsZero() {
		return time.Time{}
	}
	return run.Ends
}

// undos are what is kept in the accounts of a subscription, as far as it can be
// read: in most there is nothing of flowctl, nor may it be looked for.
func (op *Operation) undos(ctx context.Context, alias string) []apply.Undo {
	accounts := op.inventories[alias].Accounts
	found := make([][]apply.Undo, len(accounts))
	var g errgroup.Group
	g.SetLimit(sweptAtOnce)
	for i, a := range accounts {
		g.Go(func() (err error) {
			if found[i], err = apply.Undos(ctx, op.providers[alias], a.ID); err != nil {
				op.Log.DebugContext(ctx, "what is to be undone cannot be looked for", "account", a.ID.Name(), "error", err)
			}
			return nil
		})
	}
	_ = g.Wait()
	return slices.Concat(found...)
}

// sweptAtOnce is how many accounts are asked at the same time.
const sweptAtOnce = 16

func policyOf(account plan.ID) plan.ID { return account + "/managementPolicies/default" }

// key tells items apart: what is to be undone of one account can be of several
// investigations.
func (i *SweptItem) key() string {
	if i.Kind == sweptRules {
		return i.ID.Key() + " " + i.Investigation + " " + i.undo.Owner
	}
	return i.ID.Key()
}

// sweepRun ends what is there of one time box of one investigation, as apply
// does after the end: it collects, and removes what it has collected.
func (op *Operation) sweepRun(ctx context.Context, items []*SweptItem) error {
	first := items[0]
	p := plan.Plan{Investigation: op.remembered(first), Made: op.now(), Ends: first.Deadline}
	for _, i := range items {
		if i.Kind != sweptAgent && i.Kind != sweptRules {
			p.Changes = append(p.Changes, plan.Change{Action: plan.Finish, Reason: "past its deadline", Session: op.sessionOf(i), Recording: &i.recording})
		}
	}
	run, err := op.newRun(op.keeper(), p, ApplyOptions{})
	if err == nil {
		err = run.Wait(ctx)
	}
	if err == nil {
		err = op.refetch(ctx, run.Ledger())
	}
	if err != nil {
		for _, i := range items {
			i.Action, i.Reason = SweepLeft, err.Error()
		}
		return fmt.Errorf("sweep %s: %w", first.Investigation, err)
	}
	if op.ledger, err = op.backend.Read(ctx); err != nil {
		return err
	}
	for _, i := range items {
		switch i.Kind {
		case sweptAgent:
			i.Reason = op.sweepAgent(ctx, i)
		case sweptRules:
			i.Reason = op.sweepRules(ctx, i)
		}
	}
	return op.verify(ctx, items, run)
}

// sweepAgent removes an agent that no capture uses any more, whoever's; it
// returns why not.
func (op *Operation) sweepAgent(ctx context.Context, i *SweptItem) string {
	p := op.providers[i.alias]
	recs, err := p.Recordings(ctx, op.inventories[i.alias].Watchers)
	if err != nil {
		return err.Error()
	}
	for _, r := range recs {
		if r.Mechanism != plan.PacketCapture || !r.Target.Is(i.Target) {
			continue
		}
		if now, err := p.Status(ctx, r); err != nil || !now.State.Ended() {
			return fmt.Sprintf("packet capture %s uses it", r.ID.Name())
		}
	}
	if err := p.RemoveAgent(ctx, i.agent); err != nil {
		return err.Error()
	}
	return ""
}

// sweepRules puts lifecycle rules back as they were; it returns why not.
func (op *Operation) sweepRules(ctx context.Context, i *SweptItem) string {
	keeper := op.keeper()
	t := apply.Tidy{
		Providers: op.providers, Inventory: op.allInventories(), Last: keeper.LastFor(i.Investigation), Knows: keeper.Knows, Now: op.now(),
		Emit: func(e apply.Event) { op.emit(Event{Run: &e}) },
	}
	for _, f := range t.PutBack(ctx, i.undo) {
		return f.Reason
	}
	return ""
}

// remembered is what is known of the investigation of a thing in Azure: tags say
// a part, and the state the window.
func (op *Operation) remembered(i *SweptItem) plan.Investigation {
	inv := plan.Investigation{Name: i.Investigation, Reason: "swept after its deadline", Owner: cmp.Or(i.recording.Tags[plan.TagOwner], i.agent.Owner, i.undo.Owner), End: i.Deadline, Window: longestSwept}
	if folder, ok := session.Latest(op.resultsOf(i.Investigation)); ok {
		if m, err := folder.Manifest(); err == nil && m.End.Equal(i.Deadline) {
			return m.Investigation
		}
	}
	return inv
}

// longestSwept is how far back records of a flow log are looked for whose
// beginning nobody remembers.
const longestSwept = 48 * time.Hour

// sessionOf is the session of a recording, as far as Azure tells.
func (op *Operation) sessionOf(i *SweptItem) *plan.Session {
	n, _ := plan.ParseName(i.recording.ID.Name())
	if run := op.ledger.Runs[i.Investigation]; run != nil {
		if e := run.Sessions[n.Fingerprint]; e != nil {
			known := e.Session
			known.Target.Provider = i.alias
			return &known
		}
	}
	known := plan.SessionOf(i.recording)
	known.Target.Provider = i.alias
	return &known
}

// verify looks what is gone by now.
func (op *Operation) verify(ctx context.Context, items []*SweptItem, run *apply.Run) error {
	there := map[string]bool{}
	for _, alias := range op.aliases() {
		recs, err := op.providers[alias].Recordings(ctx, op.inventories[alias].Watchers)
		if err != nil {
			return err
		}
		for _, r := range recs {
			there[r.ID.Key()] = true
		}
		agents, err := op.providers[alias].Agents(ctx)
		if err != nil {
			return err
		}
		for _, a := range agents {
			there[a.ID.Key()] = true
		}
	}
	for _, i := range items {
		if i.Kind != sweptRules {
			continue
		}
		undos, err := apply.Undos(ctx, op.providers[i.alias], i.Target)
		if err != nil {
			return err
		}
		there[i.key()] = slices.ContainsFunc(undos, func(u apply.Undo) bool {
			return u.Investigation == i.Investigation && u.Owner == i.undo.Owner
		})
	}
	m, err := run.Folder().Manifest()
	if err != nil {
		return err
	}
	bytes := map[string]int64{}
	for _, a := range m.Artifacts {
		bytes[a.Session] += a.Size
	}
	why, told := map[string]string{}, map[string]string{}
	for _, f := range run.Failures() {
		if why[f.Left.Key()] = f.Reason; f.Left == "" {
			told[f.Session] = f.Reason
		}
	}
	for _, i := range items {
		i.Results, i.Collected = run.Folder().Path, bytes[i.ID.Name()]
		if there[i.key()] {
			i.Action, i.Reason = SweepLeft, cmp.Or(i.Reason, why[i.ID.Key()], "it is still there; the next sweep tries again")
		} else {
			i.Action, i.Reason = SweepRemoved, told[i.recording.Storage.Name()]
		}
	}
	return nil
}
