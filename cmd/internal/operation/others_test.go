package operation

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"flowctl/plan"
	"flowctl/plan/session"
)

const othersFile = `provider "sandbox" {
  clock = 0
}

investigation "others" {
  reason = "others do what they like meanwhile"
  owner  = "gate@example.com"
  window = "30m"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "vnet" "data" {
    name           = "VNET"
    resource_group = "rg-net"
  }
}
`

// few is true with the race detector, which takes its time: of cases that have the same
// goroutines it sees one. All of them run without it.
const few = sparse > 1

// others is a stage on which others do something with other tools, at times of the
// sandbox that a run under way comes to.
type others struct {
	stage
	t    *testing.T
	mu   sync.Mutex
	when []time.Duration // since the world's begin
	do   []func(ctx context.Context, op *Operation) error
	busy bool

	raws  []func(o *others, auth http.Header) error // requests that are sent with those of flowctl's credential
	inner policy.Transporter
}

func newOthers(t *testing.T, vnet string) *others {
	dir := t.TempDir()
	o := &others{t: t, stage: stage{dir: filepath.Join(dir, "run"), source: Source{Path: filepath.Join(dir, "others.hcl")}}}
	o.around = o.meddle
	if err := os.WriteFile(o.source.Path, []byte(strings.ReplaceAll(othersFile, "VNET", vnet)), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// at has something done once so much time has passed.
func (o *others) at(d time.Duration, do func(ctx context.Context, op *Operation) error) {
	o.when, o.do = append(o.when, d), append(o.do, do)
}

func (o *others) meddle(inner policy.Transporter) policy.Transporter {
	return transportFunc(func(req *http.Request) (*http.Response, error) {
		resp, err := inner.Do(req)
		if err != nil {
			return resp, err
		}
		o.mu.Lock()
		var raws []func(o *others, auth http.Header) error
		if o.inner = inner; strings.HasPrefix(req.URL.Path, "/subscriptions/") {
			raws, o.raws = o.raws, nil
		}
		o.mu.Unlock()
		for _, do := range raws {
			if err := do(o, req.Header); err != nil {
				o.t.Errorf("others: %v", err)
			}
		}
		now, _ := http.ParseTime(resp.Header.Get("Date"))
		o.mu.Lock()
		var due func(context.Context, *Operation) error
		if !o.busy && len(o.when) > 0 && !now.Before(worldBegins.Add(o.when[0])) {
			due, o.busy = o.do[0], true
			o.when, o.do = o.when[1:], o.do[1:]
		}
		o.mu.Unlock()
		if due != nil {
			op, err := o.calm().open(o.t.Context()) // that of the request knows its pages
			if err == nil {
				err = due(o.t.Context(), op)
			}
			if err != nil {
				o.t.Errorf("others: %v", err)
			}
			o.mu.Lock()
			o.busy = false
			o.mu.Unlock()
		}
		return resp, nil
	})
}

// calm is the stage without anybody who meddles.
func (o *others) calm() stage {
	g := o.stage
	g.around = nil
	return g
}

var worldBegins = time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)

// theirs makes a flow log of others on an interface or a VNet.
func theirs(name, target string) func(ctx context.Context, op *Operation) error {
	return func(ctx context.Context, op *Operation) error {
		inv, p := op.inventories[op.aliases()[0]], op.providers[op.aliases()[0]]
		id, kind := plan.ID(""), "nic"
		for _, n := range inv.NICs {
			if n.ID.Name() == target {
				id = n.ID
			}
		}
		for _, v := range inv.VNets {
			if v.ID.Name() == target {
				id, kind = v.ID, "vnet"
			}
		}
		j := slices.IndexFunc(inv.Watchers, func(x plan.Watcher) bool { return x.Location == "westeurope" })
		k := slices.IndexFunc(inv.Accounts, func(a plan.StorageAccount) bool { return a.ID.Name() == "stcontosonetweu" })
		_, err := p.Start(ctx, plan.Session{
			Name: name, Mechanism: plan.FlowLog, Watcher: inv.Watchers[j].ID, Watches: []string{"x.y"}, FlowLog: &plan.FlowLogSpec{}, Tags: map[string]string{"Owner": "soc@example.com"},
			Target: plan.Target{Kind: kind, ID: id, Location: "westeurope", Provider: op.aliases()[0]}, Storage: inv.Accounts[k].ID,
		})
		return err
	}
}

// with does something with the recordings of which the name has a part.
func with(part string, do func(ctx context.Context, p plan.Provider, r plan.Recording) error) func(ctx context.Context, op *Operation) error {
	return func(ctx context.Context, op *Operation) error {
		for _, r := range op.allRecordings() {
			if strings.Contains(r.ID.Name(), part) && r.Mechanism == plan.FlowLog {
				return do(ctx, op.providers[op.aliases()[0]], r)
			}
		}
		return fmt.Errorf("no %s is there", part)
	}
}

func remove(ctx context.Context, p plan.Provider, r plan.Recording) error { return p.Remove(ctx, r) }
func turnOff(ctx context.Context, p plan.Provider, r plan.Recording) error {
	return p.Stop(ctx, r)
}

// manifest is that of the latest run.
func (o *others) manifest() session.Manifest {
	o.t.Helper()
	folder, ok := session.Latest(o.settings().resultsOf("others"))
	if !ok {
		o.t.Fatal("no results")
	}
	m, err := folder.Manifest()
	if err != nil {
		o.t.Fatal(err)
	}
	return m
}

// carry carries the file out, at once or by steps of a scheduler every five minutes.
func (o *others) carry(steps bool) {
	o.t.Helper()
	if !steps {
		if _, _, err := o.apply(o.t.Context(), ApplyOptions{}); err != nil {
			o.t.Fatal(err)
		}
		return
	}
	for range 30 {
		_, done, err := o.apply(o.t.Context(), ApplyOptions{Detach: true})
		if err != nil {
			o.t.Fatal(err)
		}
		if done {
			return
		}
		o.sleep(5 * time.Minute)
	}
	o.t.Error("30 steps, and it is not done")
}

// A log that takes over records in mid-window is read from then on, by a run that waits
// and by steps of a scheduler: the answer is that of the same traffic without anybody
// meddling, but for what nobody recorded.
func TestAnotherLogTakesOver(t *testing.T) {
	plain := newOthers(t, "vnet-hub")
	plain.carry(false)
	want, _ := plain.counts()
	tests := map[string]struct {
		meddle func(o *others)
		steps  bool
		logs   []string // that are read instead
		least  float64  // of the bytes
		gaps   int64    // interface-minutes of which nothing is known, at most
		more   string   // in what is told of the run's own
	}{
		"of an interface": {func(o *others) {
			o.at(10*time.Minute, theirs("nic-log", "nic-monitor-1"))
		}, false, []string{"nic-log"}, 0.995, 1, "nic-log is read from 08:"},
		"of an interface, and goes away again": {func(o *others) {
			o.at(10*time.Minute, theirs("nic-log", "nic-monitor-1"))
			o.at(20*time.Minute, with("nic-log", remove))
		}, true, []string{"nic-log"}, 0.97, 6, "its records are its own again"},
		"of all, since ours is deleted": {func(o *others) {
			o.at(10*time.Minute, with("flowctl_", remove))
			o.at(12*time.Minute, theirs("vnet-log", "vnet-hub"))
		}, false, []string{"vnet-log"}, 0.7, 8, "vnet-log is read from 08:"},
		"of all, seen by steps": {func(o *others) {
			o.at(10*time.Minute, with("flowctl_", remove))
			o.at(12*time.Minute, theirs("vnet-log", "vnet-hub"))
		}, true, []string{"vnet-log"}, 0.6, 16, "vnet-log is read from 08:"},
		"one after the other": {func(o *others) {
			o.at(8*time.Minute, theirs("first", "nic-monitor-1"))
			o.at(15*time.Minute, with("first", remove))
			o.at(16*time.Minute, theirs("second", "nic-monitor-1"))
		}, true, []string{"first", "second"}, 0.95, 6, "second is read from 08:"},
	}
	for name, tt := range tests {
		if few && name != "of an interface" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o := newOthers(t, "vnet-hub")
			tt.meddle(o)
			o.carry(tt.steps)
			got, gaps := o.counts()
			if got > want*1.0001 || got < want*tt.least || gaps > tt.gaps {
				t.Errorf("%.0f bytes and %d minutes that are missing, want %.0f, or %.3f of it at least, and %d", got, gaps, want, tt.least, tt.gaps)
			}
			m := o.manifest()
			var read []string
			var told string
			for _, s := range m.Sessions {
				if s.Reused {
					read = append(read, s.Name)
					if s.Owner != "soc@example.com" || s.Since.Before(worldBegins.Add(5*time.Minute)) || s.Outcome != "collected" {
						t.Errorf("%s: owner %q, since %s, %s", s.Name, s.Owner, s.Since, s.Outcome)
					}
				}
			}
			for _, f := range m.Findings {
				told += f.Detail + "\n"
			}
			if slices.Sort(read); !slices.Equal(read, tt.logs) || !strings.Contains(told, tt.more) {
				t.Errorf("read %v, want %v; told:\n%s", read, tt.logs, told)
			}
			o.leaves(tt.logs[len(tt.logs)-1], !strings.Contains(name, "away"))
		})
	}
}

// What a log of somebody else's wrote is read whatever becomes of it, and however late:
// it is switched off or deleted in mid-window, or the run comes to it after the window.
func TestAReusedLogIsReadToTheEnd(t *testing.T) {
	plain := newOthers(t, "vnet-web")
	plain.carry(false)
	want, _ := plain.counts()
	tests := map[string]struct {
		meddle func(o *others)
		pass   time.Duration // after a first step
		least  float64
	}{
		"the run goes on after the window": {func(*others) {}, 50 * time.Minute, 1},
		"it is deleted":                    {func(o *others) { o.at(15*time.Minute, with("soc-vnet-web", remove)) }, time.Minute, 0.4},
		"it is switched off":               {func(o *others) { o.at(15*time.Minute, with("soc-vnet-web", turnOff)) }, time.Minute, 0.4},
	}
	for name, tt := range tests {
		if few && name != "it is deleted" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o := newOthers(t, "vnet-web")
			tt.meddle(o)
			if _, _, err := o.apply(t.Context(), ApplyOptions{Detach: true}); err != nil {
				t.Fatal(err)
			}
			o.sleep(tt.pass)
			o.carry(true)
			if got, _ := o.counts(); got > want*1.0001 || got < want*tt.least {
				t.Errorf("%.0f bytes, want %.0f, or %.3f of it at least", got, want, tt.least)
			}
			for _, s := range o.manifest().Sessions {
				t.Logf("%s of %s, reused %v, %s: %s", s.Name, s.Target.ID.Name(), s.Reused, s.Outcome, s.Reason)
			}
		})
	}
}

func (o *others) sleep(d time.Duration) {
	o.t.Helper()
	op, err := o.open(o.t.Context())
	if err == nil {
		err = op.providers[op.aliases()[0]].Clock().Sleep(o.t.Context(), d)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// counts is how many bytes the latest results have, and how many minutes of interfaces
// are missing.
func (o *others) counts() (bytes float64, gaps int64) {
	o.t.Helper()
	folder, _ := session.Latest(o.settings().resultsOf("others"))
	a, err := Summarize(o.t.Context(), o.settings(), SummarizeOptions{Paths: []string{folder.Path}})
	if err != nil {
		o.t.Fatal(err)
	}
	defer a.Close()
	if m := a.Doc.Minutes; m != nil {
		o.t.Logf("%d bytes; %s", a.Doc.Total.IPBytes.N, m)
		gaps = m.Counts.Gaps()
	}
	return float64(a.Doc.Total.IPBytes.N), gaps
}

// leaves wants nothing of flowctl's to be left, and of the others what is theirs.
func (o *others) leaves(name string, there bool) {
	o.t.Helper()
	calm := o.calm()
	left, err := calm.remains(o.t.Context())
	if err != nil || len(left) > 0 {
		o.t.Errorf("left %v, %v", left, err)
	}
	op, err := calm.open(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	is := slices.ContainsFunc(op.allRecordings(), func(r plan.Recording) bool { return r.ID.Name() == name && r.Enabled })
	if is != there {
		o.t.Errorf("%s is there: %v, want %v", name, is, there)
	}
}
