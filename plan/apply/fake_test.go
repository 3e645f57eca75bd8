package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

var spike = plan.Investigation{Name: "spike", Owner: "netops@example.com", Window: 2 * time.Hour}

// watches are those that the file has.
var watches = []string{"vnet.hub", "vm.db"}

var noon = time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)

const (
	subscription = plan.ID("/subscriptions/11111111-2222-3333-4444-555555555555")
	watcher      = subscription + "/resourceGroups/nw/providers/Microsoft.Network/networkWatchers/we"
	account      = subscription + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/logs"
	vnet         = subscription + "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub"
	vm           = subscription + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/db"
)

// fakeClock passes only when somebody sleeps.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// fakeAzure is a provider that keeps what it is told, and fails on request.
type fakeAzure struct {
	plan.Checker // of which apply asks for Lifecycle only

	clock  *fakeClock
	mu     sync.Mutex
	there  map[string]plan.Recording // by key of the id
	agents map[string]plan.Agent     // by key of the machine
	rules  plan.Lifecycle            // of every account
	calls  []string
	fail   map[string]error  // by call, such as "start db"
	on     map[string]func() // is done before a call

	beside   map[string][]byte             // blobs beside the data
	deaf     bool                          // a stop has no effect
	measured int64                         // bytes that Measure sees
	newest   func(now time.Time) time.Time // record that is there; nil for that of the end
	behind   time.Duration                 // until the newest record was written
	size     int64                         // of what Collect brings
}

func newFakeAzure() *fakeAzure {
	return &fakeAzure{clock: &fakeClock{now: noon}, there: map[string]plan.Recording{}, agents: map[string]plan.Agent{}, fail: map[string]error{},
		on: map[string]func(){}, beside: map[string][]byte{}, measured: 5, size: 10}
}

func (a *fakeAzure) call(verb string, target plan.ID) error {
	if f := a.on[verb+" "+target.Name()]; f != nil {
		f()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c := verb + " " + target.Name()
	if verb != "status" {
		a.calls = append(a.calls, c)
	}
	return a.fail[c]
}

func (a *fakeAzure) Subscription() string { return subscription.Subscription() }
func (a *fakeAzure) Clock() plan.Clock    { return a.clock }

func (a *fakeAzure) Inventory(context.Context) (*plan.Inventory, error) {
	return &plan.Inventory{}, nil
}

func (a *fakeAzure) Recordings(context.Context, []plan.Watcher) ([]plan.Recording, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []plan.Recording
	for _, k := range slices.Sorted(maps.Keys(a.there)) {
		out = append(out, a.there[k])
	}
	return out, nil
}

func (a *fakeAzure) Start(_ context.Context, s plan.Session) (plan.Recording, error) {
	if err := a.call("start", s.Target.ID); err != nil {
		return plan.Recording{}, err
	}
	r := plan.Recording{
		ID: s.ResourceID(), Mechanism: s.Mechanism, Target: s.Target.ID, Storage: s.Storage, Enabled: true,
		FlowLog: s.FlowLog, Capture: s.Capture, Started: a.clock.Now(),
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.there[r.ID.Key()] = r
	return r, nil
}

func (a *fakeAzure) Status(_ context.Context, r plan.Recording) (plan.Recording, error) {
	if err := a.call("status", r.Target); err != nil {
		return r, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.there[r.ID.Key()]
	if !ok {
		return r, plan.ErrNotFound
	}
	if got.Capture != nil && got.State == "" {
		got.State = plan.CaptureRunning
		if !a.clock.now.Before(got.Started.Add(got.Capture.Duration)) {
			got.State, got.StopReason = plan.CaptureStopped, "TimeExceeded"
		}
	}
	return got, nil
}

func (a *fakeAzure) Stop(_ context.Context, r plan.Recording) error {
	err := a.call("stop", r.Target)
	a.mu.Lock()
	defer a.mu.Unlock()
	if got, ok := a.there[r.ID.Key()]; ok && err == nil && !a.deaf {
		got.Enabled = false
		if got.Capture != nil {
			got.State, got.StopReason = plan.CaptureStopped, "UserStopped"
		}
		a.there[r.ID.Key()] = got
	}
	return err
}

func (a *fakeAzure) Remove(_ context.Context, r plan.Recording) error {
	if err := a.call("remove", r.Target); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.there, r.ID.Key())
	return nil
}

func (a *fakeAzure) Blobs(context.Context, string) (plan.Blobs, error) { return nil, nil }

// Store is beside the data, of one account.
func (a *fakeAzure) Store(context.Context, plan.ID, string, string) (plan.Store, error) {
	return fakeStore{a.beside, a.fail["store logs"]}, a.fail["store logs"]
}

type fakeStore struct {
	blobs map[string][]byte
	err   error
}

func (s fakeStore) Get(_ context.Context, name string) ([]byte, string, error) {
	if b, ok := s.blobs[name]; ok {
		return b, "1", nil
	}
	return nil, "", plan.ErrNotFound
}

func (s fakeStore) Put(_ context.Context, name string, b []byte, c plan.Condition) (string, error) {
	if _, there := s.blobs[name]; there && c.New {
		return "", plan.ErrChanged
	}
	s.blobs[name] = b
	return "1", nil
}

func (s fakeStore) Delete(_ context.Context, name string) error {
	delete(s.blobs, name)
	return nil
}

func (s fakeStore) Names(_ context.Context, prefix string) ([]string, error) {
	names := slices.Sorted(maps.Keys(s.blobs))
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) }), nil
}

func (fakeStore) Lease(context.Context, string, time.Duration) (string, error) {
	return "", nil
}
func (fakeStore) Renew(context.Context, string, string) error   { return nil }
func (fakeStore) Release(context.Context, string, string) error { return nil }
func (fakeStore) Break(context.Context, string) error           { return nil }

func (a *fakeAzure) CreateWatcher(_ context.Context, location string) (plan.Watcher, error) {
	err := a.call("watcher", plan.ID(location))
	return plan.Watcher{ID: watcher, Location: location}, err
}

func (a *fakeAzure) InstallAgent(_ context.Context, g plan.Agent) error {
	err := a.call("install", g.Machine.ID)
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, ok := a.agents[g.Machine.ID.Key()]; ok && old.Investigation != g.Investigation {
		return plan.ErrExists
	}
	if err == nil {
		a.agents[g.Machine.ID.Key()] = g
	}
	return err
}

func (a *fakeAzure) Agents(context.Context) ([]plan.Agent, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Values(a.agents)), nil
}

func (a *fakeAzure) RemoveAgent(_ context.Context, g plan.Agent) error {
	err := a.call("uninstall", g.Machine.ID)
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.agents, g.Machine.ID.Key())
	}
	return err
}

func (a *fakeAzure) Lifecycle(_ context.Context, account plan.ID) (plan.Lifecycle, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.rules
	l.Account = account
	return l, a.fail["lifecycle "+account.Name()]
}

func (a *fakeAzure) RestoreLifecycle(_ context.Context, l plan.Lifecycle) error {
	err := a.call("restore", l.Account)
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.rules = l
	}
	return err
}

// Collect stands for the collector: a file of ten bytes a session.
func (a *fakeAzure) Collect(_ context.Context, w Want) ([]session.Artifact, error) {
	if err := a.call("collect", w.Session.Target.ID); err != nil {
		return nil, err
	}
	if a.size == 0 {
		return nil, nil
	}
	return []session.Artifact{{Path: w.Session.Target.ID.Name(), Session: w.Session.Name, Size: a.size}}, nil
}

func (a *fakeAzure) Measure(context.Context, Want) (int64, error) {
	if a.newest == nil {
		return a.measured, nil
	}
	newest := a.newest(a.clock.Now())
	if newest.IsZero() {
		return 0, nil
	}
	return newest.Unix(), nil // it grows with every record
}

// Newest is the end of the window, unless a.newest says another time, and was
// written a.behind later.
func (a *fakeAzure) Newest(_ context.Context, w Want) (record, written time.Time, err error) {
	if a.newest == nil {
		return w.End, w.End, nil
	}
	record = a.newest(a.clock.Now())
	return record, record.Add(a.behind), nil
}

func flowLog() plan.Session {
	return plan.Session{
		Watches: []string{"vnet.hub"}, Mechanism: plan.FlowLog, Target: plan.Target{ID: vnet, Provider: "a"},
		Watcher: watcher, Storage: account, FlowLog: &plan.FlowLogSpec{},
	}
}

func capture(d time.Duration) plan.Session {
	return plan.Session{
		Watches: []string{"vm.db"}, Mechanism: plan.PacketCapture, Target: plan.Target{ID: vm, Provider: "a"},
		Watcher: watcher, Storage: account, Capture: &plan.CaptureSpec{Duration: d},
	}
}

// bench is a run's surroundings, which outlive it.
type bench struct {
	t      *testing.T
	azure  *fakeAzure
	state  *ledger.Local
	dir    string
	events []Event
}

func newBench(t *testing.T) *bench {
	dir := t.TempDir()
	return &bench{t: t, azure: newFakeAzure(), state: ledger.NewLocal(dir + "/state.json"), dir: dir}
}

// plan compares want with what is there.
func (b *bench) plan(want ...plan.Session) plan.Plan {
	b.t.Helper()
	have, _ := b.azure.Recordings(context.Background(), nil)
	now := b.azure.clock.Now()
	return plan.Plan{
		Investigation: spike, Made: now, Ends: now.Add(2 * time.Hour),
		Changes:  plan.Diff(spike, want, have, b.remembered().Runs["spike"].Prior(spike, watches, now), now),
		Finished: b.remembered().Runs["spike"] != nil && !b.remembered().Runs["spike"].Finished.IsZero(),
	}
}

func (b *bench) remembered() ledger.Ledger {
	b.t.Helper()
	snap, err := b.state.Read(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return snap
}

// apply makes a run of a plan.
func (b *bench) apply(p plan.Plan) *Run { return b.prepared(p, func(*Options) {}) }

// prepared is apply with other options.
func (b *bench) prepared(p plan.Plan, set func(*Options)) *Run {
	b.t.Helper()
	o := Options{
		Plan: p, Inventory: []*plan.Inventory{{Provider: "a"}}, Providers: map[string]plan.Provider{"a": b.azure}, State: ledger.NewKeeper(b.state, nil, b.remembered()), Limits: DefaultLimits,
		Results:   func(ends time.Time) string { return fmt.Sprintf("%s/results/%d", b.dir, ends.Unix()) },
		Collector: func(session.Folder) Collector { return b.azure },
		Emit:      func(e Event) { b.events = append(b.events, e) },
	}
	set(&o)
	r, err := New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// run plans want against what is there and makes a run of it.
func (b *bench) run(want ...plan.Session) *Run {
	b.t.Helper()
	return b.apply(b.plan(want...))
}

// Stepped says that time passes only while somebody sleeps.
func (c *fakeClock) Stepped() bool { return true }
