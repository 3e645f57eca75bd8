package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// bare is a capture on a machine that has no agent.
func bare() plan.Session {
	s := capture(10 * time.Minute)
	s.InstallAgent = "Linux"
	return s
}

func (b *bench) finish(r *Run) {
	b.t.Helper()
	if err := errors.Join(r.Start(b.t.Context()), r.Wait(b.t.Context())); err != nil {
		b.t.Fatal(err)
	}
}

// texts are what events of a kind said.
func (b *bench) texts(k Kind) []string {
	var out []string
	for _, e := range b.events {
		if e.Kind == k {
			out = append(out, e.Text)
		}
	}
	return out
}

func TestAgentIsInstalledAndRemoved(t *testing.T) {
	b := newBench(t)
	r := b.run(bare())
	b.finish(r)
	want := []string{"install db", "start db", "collect db", "remove db", "uninstall db"}
	if diff := cmp.Diff(want, b.azure.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if run := b.remembered().Runs["spike"]; len(run.Agents) != 0 || len(r.Failures()) != 0 {
		t.Errorf("agents %v, failures %v; want none", run.Agents, r.Failures())
	}
}

// TestAgentIsWrittenDownBefore is killed while the agent is being installed.
func TestAgentIsWrittenDownBefore(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.azure.on["install db"] = func() {
		if a := b.remembered().Runs["spike"].Agents; len(a) != 1 {
			t.Errorf("the state says %v while an agent is installed", a)
		}
		cancel()
	}
	if err := b.run(bare()).Start(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	b.azure.on = map[string]func(){}
	b.finish(b.run(capture(10 * time.Minute))) // by now the machine has the agent
	if !slices.Contains(b.azure.calls, "uninstall db") || len(b.azure.agents) != 0 {
		t.Errorf("calls %v; want the agent to be removed", b.azure.calls)
	}
}

func TestAgentsThatStay(t *testing.T) {
	mine := plan.Agent{ID: vm + "/extensions/" + plan.AgentName, Machine: plan.Target{ID: vm}, Investigation: "spike"}
	theirs := plan.Recording{ID: watcher + "/packetCaptures/theirs", Mechanism: plan.PacketCapture, Target: vm, State: plan.CaptureRunning}
	tests := map[string]struct {
		set    func(*fakeAzure)
		reason string // of the failure; empty: none
		left   bool
	}{
		"somebody else's": {func(a *fakeAzure) { a.fail["install db"] = plan.ErrExists }, "", false},
		"another investigation's": {func(a *fakeAzure) {
			other := mine
			other.Investigation = "other"
			a.agents[vm.Key()] = other
		}, "", true},
		"used by somebody":  {func(a *fakeAzure) { a.there[theirs.ID.Key()] = theirs }, "packet capture theirs uses it", true},
		"cannot be removed": {func(a *fakeAzure) { a.fail["uninstall db"] = errors.New("409 OperationNotAllowed: the VM is off") }, "the VM is off", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tt.set(b.azure)
			r := b.run(bare())
			b.finish(r)
			fs := r.Failures()
			if (len(fs) > 0) != (tt.reason != "") || len(fs) > 0 && (!strings.Contains(fs[0].Reason, tt.reason) || fs[0].Left == "") {
				t.Errorf("failures %+v, want one that says %q", fs, tt.reason)
			}
			if left := len(b.azure.agents) > 0; left != tt.left {
				t.Errorf("agents left: %v", b.azure.agents)
			}
		})
	}
}

// TestAgentOfALostState is removed all the same: its tags tell.
func TestAgentOfALostState(t *testing.T) {
	b := newBench(t)
	a := plan.AgentFor(plan.Investigation{Name: "spike"}, bare())
	b.azure.agents[vm.Key()] = a
	b.finish(b.run(capture(10 * time.Minute)))
	if len(b.azure.agents) != 0 {
		t.Error("the agent of a run that nobody remembers is left")
	}
}

func TestWatcherIsMadeOnce(t *testing.T) {
	b := newBench(t)
	log, pc := flowLog(), capture(10*time.Minute)
	log.CreateWatcher, pc.CreateWatcher = true, true
	log.Target.Location, pc.Target.Location = "westeurope", "westeurope"
	b.finish(b.run(log, pc))
	if n := len(b.texts(Made)); n != 1 {
		t.Errorf("%d watchers were said to be made, want 1", n)
	}
}

// policy is a management policy of rules, each a name, a prefix and days.
func policy(rules ...[3]any) plan.Lifecycle {
	l := plan.Lifecycle{Account: account}
	var list []any
	for _, r := range rules {
		l.Rules = append(l.Rules, plan.LifecycleRule{Name: r[0].(string), Enabled: true, Prefixes: []string{r[1].(string)}, DeleteDays: r[2].(int)})
		list = append(list, map[string]any{"name": r[0], "definition": fmt.Sprint(r[1], r[2])})
	}
	if len(rules) > 0 {
		l.Raw, _ = json.Marshal(map[string]any{"properties": map[string]any{"policy": map[string]any{"rules": list}}})
	}
	return l
}

func TestRulesAreRestored(t *testing.T) {
	const logs = "insights-logs-flowlogflowevent/flowLogResourceID=/X"
	old, azures := [3]any{"old", "backup/", 30}, [3]any{"flowlog", logs, 7}
	tests := map[string]struct {
		before, after plan.Lifecycle // as Azure and others left them
		want          plan.Lifecycle
		restored      bool
		failure       string
	}{
		"nothing changed":           {policy(old), policy(old), policy(old), false, ""},
		"Azure added a rule":        {policy(old), policy(old, azures), policy(old), true, ""},
		"Azure made the policy":     {policy(), policy(azures), policy(), true, ""},
		"Azure changed its rule":    {policy(azures), policy([3]any{"flowlog", logs, 9}), policy(azures), true, ""},
		"somebody added another":    {policy(old), policy(old, azures, [3]any{"new", "x/", 1}), policy(old, azures, [3]any{"new", "x/", 1}), false, "somebody else changed new since; see to flowlog"},
		"somebody dropped theirs":   {policy(old), policy(azures), policy(azures), false, "somebody else changed old since"},
		"somebody changed the days": {policy(old), policy([3]any{"old", "backup/", 31}), policy([3]any{"old", "backup/", 31}), false, "somebody else changed old"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			s := flowLog()
			s.FlowLog = &plan.FlowLogSpec{RetentionDays: 7}
			b.azure.rules = tt.before
			b.azure.on["start hub"] = func() { b.azure.rules = tt.after }
			r := b.run(s)
			b.finish(r)
			if diff := cmp.Diff(tt.want, b.azure.rules); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			if got := len(b.texts(Restored)) == 1; got != tt.restored {
				t.Errorf("restored: %v, want %v", got, tt.restored)
			}
			fs := r.Failures()
			if (len(fs) > 0) != (tt.failure != "") || len(fs) > 0 && !strings.Contains(fs[0].Reason, tt.failure) {
				t.Errorf("failures %+v, want one that says %q", fs, tt.failure)
			}
		})
	}
}

// TestRulesOfTwoRuns lets the last run that needs them put the rules back, as
// they were before the first.
func TestRulesOfTwoRuns(t *testing.T) {
	k := ledger.NewKeeper(ledger.NewLocal(t.TempDir()+"/state.json"), nil, ledger.New())
	before := policy([3]any{"old", "backup/", 30})
	for _, name := range []string{"a", "b"} {
		if l, ok := k.Before(name, account); ok != (name == "b") || ok && !cmp.Equal(l, before) {
			t.Errorf("before %s: %v %v", name, l, ok)
		}
		if err := k.Save(t.Context(), name, &ledger.Run{Lifecycles: map[string]plan.Lifecycle{account.Key(): before}}); err != nil {
			t.Fatal(err)
		}
	}
	if k.Last("a", account) || !k.Last("b", account) {
		t.Error("want the second of the two to put the rules back")
	}
}

func TestProofOfData(t *testing.T) {
	tests := map[string]struct {
		measured int64
		session  plan.Session
		want     map[Kind]string // beginning of what is said
		noData   bool
	}{
		"flow log":        {5, flowLog(), map[Kind]string{FirstData: "first data after "}, false},
		"silent flow log": {0, flowLog(), map[Kind]string{NoData: "after 10m; the storage account's firewall"}, true},
		"capture":         {0, capture(10 * time.Minute), map[Kind]string{FirstData: "capturing after 10s"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.azure.measured = tt.measured
			if tt.noData {
				b.azure.size = 0
			}
			r := b.run(tt.session)
			b.finish(r)
			for _, k := range []Kind{FirstData, NoData} {
				got := b.texts(k)
				if want, ok := tt.want[k]; ok != (len(got) == 1) || ok && !strings.HasPrefix(got[0], want) {
					t.Errorf("%s: %q, want %q", k, got, tt.want[k])
				}
			}
			m, err := r.Folder().Manifest()
			if err != nil {
				t.Fatal(err)
			}
			if s := m.Sessions[0]; s.NoData != tt.noData || s.FirstData.IsZero() != tt.noData {
				t.Errorf("manifest says no data: %v, first data %v", s.NoData, s.FirstData)
			}
			if said := len(m.Findings) == 1 && m.Findings[0].Code == "no-data"; said != tt.noData {
				t.Errorf("findings %+v", m.Findings)
			}
		})
	}
}

// TestCaptureThatCannotBeStopped is removed: that ends it as well.
func TestCaptureThatCannotBeStopped(t *testing.T) {
	b := newBench(t)
	b.azure.fail["stop db"] = errors.New("500 InternalServerError")
	r := b.run(capture(5 * time.Hour))
	b.finish(r)
	if fs := r.Failures(); len(fs) != 1 || fs[0].Left != "" || len(b.azure.there) != 0 {
		t.Errorf("failures %+v, left %v", fs, slices.Collect(maps.Keys(b.azure.there)))
	}
}

// TestCaptureThatSaysItIsStoppedAndRuns: its machine is gone, so nobody stops it.
// What it wrote is looked for, and it is removed.
func TestCaptureThatSaysItIsStoppedAndRuns(t *testing.T) {
	b := newBench(t)
	b.azure.deaf = true
	r := b.run(capture(5 * time.Hour))
	b.finish(r)
	if fs := r.Failures(); len(fs) != 1 || fs[0].Left != "" || len(b.azure.there) != 0 || !slices.Contains(b.azure.calls, "collect db") {
		t.Errorf("failures %+v, calls %v", fs, b.azure.calls)
	}
}

// TestRulesAfterALostLedger: how they were lies beside the data, and is put back
// by whoever finishes the run.
func TestRulesAfterALostLedger(t *testing.T) {
	keeping := flowLog()
	keeping.FlowLog = &plan.FlowLogSpec{RetentionDays: 3}
	for name, refused := range map[string]error{"kept": nil, "refused": errors.New("403 AuthorizationPermissionMismatch")} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.azure.fail["store logs"] = refused
			before := policy([3]any{"old", "backup/", 30})
			b.azure.rules = before
			r := b.run(keeping)
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			m, err := r.Folder().Manifest()
			if err != nil {
				t.Fatal(err)
			}
			told := slices.ContainsFunc(m.Findings, func(f plan.Finding) bool { return f.Code == plan.UndoLocalOnly })
			if told != (refused != nil) {
				t.Errorf("findings %+v", m.Findings)
			}
			b.azure.rules = policy([3]any{"old", "backup/", 30}, [3]any{"new", "insights-logs-flowlogflowevent/", 3})
			if err := os.RemoveAll(b.dir); err != nil { // ledger and results
				t.Fatal(err)
			}
			b.finish(b.run(keeping))
			back := slices.Contains(b.azure.calls, "restore logs")
			if back != (refused == nil) || len(b.azure.beside) != 0 {
				t.Errorf("put back: %v, beside the data: %d; calls %v", back, len(b.azure.beside), b.azure.calls)
			}
		})
	}
}

// TestAgentsOfWhatIsUnknown: where a ledger was lost, only what is still there is
// known of a run. Its flow logs do not say that there were captures; the file does.
func TestAgentsOfWhatIsUnknown(t *testing.T) {
	log := &ledger.Entry{Session: plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{Provider: "a"}}}
	capture := &ledger.Entry{Session: plan.Session{Mechanism: plan.PacketCapture, Target: plan.Target{Provider: "b"}}}
	providers := map[string]plan.Provider{"a": &fakeAzure{}, "b": &fakeAzure{}}
	for name, tt := range map[string]struct {
		sessions map[string]*ledger.Entry
		captures []string
		want     []string
	}{
		"nothing is known":             {nil, nil, []string{"a", "b"}},
		"a capture":                    {map[string]*ledger.Entry{"1": log, "2": capture}, nil, []string{"b"}},
		"a log, and no captures asked": {map[string]*ledger.Entry{"1": log}, nil, nil},
		"a log, and the file's":        {map[string]*ledger.Entry{"1": log}, []string{"a", "a"}, []string{"a"}},
		"a provider that is gone":      {map[string]*ledger.Entry{"1": log}, []string{"c"}, nil},
	} {
		got := Tidy{Providers: providers, Captures: tt.captures, Run: &ledger.Run{Sessions: tt.sessions}}.captureProviders()
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
