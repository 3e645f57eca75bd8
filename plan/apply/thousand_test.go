package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
	"flowctl/providers/azure"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
)

const (
	stormSub     = "00000000-0000-0000-0000-000000000001"
	stormGroup   = "/subscriptions/" + stormSub + "/resourceGroups/rg/providers/"
	stormRegions = 5
)

// storm is a thousand sessions in five regions, with what they meet.
type storm struct {
	t        *testing.T
	arm      *stormARM
	provider *azure.Provider
	targets  int // in each region
	dir      string
	events   []apply.Event
}

func newStorm(t *testing.T, dir string) *storm {
	t.Helper()
	c := &storm{t: t, arm: newStormARM(3), targets: stormTargets, dir: dir}
	p, err := azure.New(azure.Options{Subscription: stormSub, Credential: &azfake.TokenCredential{}, Transport: c.arm, InProcess: true})
	if err != nil {
		t.Fatal(err)
	}
	c.provider = p
	return c
}

func stormWatcher(region int) plan.ID {
	return plan.ID(fmt.Sprintf("/subscriptions/%s/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_region%d", stormSub, region))
}

func (c *storm) sessions() []plan.Session {
	var all []plan.Session
	for i := range stormRegions * c.targets {
		region := i % stormRegions
		s := plan.Session{
			Watches: []string{"vnet.all"}, Mechanism: plan.FlowLog, Watcher: stormWatcher(region), Storage: stormGroup + "Microsoft.Storage/storageAccounts/logs", FlowLog: &plan.FlowLogSpec{},
			Target:        plan.Target{Kind: "vnet", ID: plan.ID(fmt.Sprintf("%sMicrosoft.Network/virtualNetworks/v%d", stormGroup, i)), Location: fmt.Sprintf("region%d", region), Provider: "a"},
			CreateWatcher: region == 4,
		}
		if n := i / stormRegions; n%10 < 3 {
			s.Mechanism, s.FlowLog, s.Capture = plan.PacketCapture, nil, &plan.CaptureSpec{Duration: 10 * time.Minute, MaxBytes: 1 << 20}
			s.Target.Kind, s.Target.ID = "vm", plan.ID(fmt.Sprintf("%sMicrosoft.Compute/virtualMachines/m%d", stormGroup, i))
			if n%4 == 0 {
				s.InstallAgent = "Linux"
			}
		}
		all = append(all, s)
	}
	return all
}

// run plans against what is there and makes a run of it.
func (c *storm) run() *apply.Run {
	c.t.Helper()
	var watchers []plan.Watcher
	for region := range stormRegions {
		watchers = append(watchers, plan.Watcher{ID: stormWatcher(region), Location: fmt.Sprintf("region%d", region)})
	}
	have, err := c.provider.Recordings(context.Background(), watchers)
	if err != nil {
		c.t.Fatal(err)
	}
	file := ledger.NewLocal(filepath.Join(c.dir, "state.json"))
	known, err := file.Read(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	inv := plan.Investigation{Name: "spike", Owner: "o", Window: 2 * time.Hour}
	now := time.Now()
	r, err := apply.New(apply.Options{
		Plan: plan.Plan{
			Investigation: inv, Made: now, Ends: now.Add(2 * time.Hour),
			Changes: plan.Diff(inv, c.sessions(), have, known.Runs["spike"].Prior(inv, []string{"vnet.all"}, now), now),
		},
		Providers: map[string]plan.Provider{"a": c.provider}, State: ledger.NewKeeper(file, nil, known), Limits: apply.DefaultLimits,
		Inventory: []*plan.Inventory{{Provider: "a", Subscription: stormSub, Watchers: watchers}},
		Results:   func(ends time.Time) string { return fmt.Sprintf("%s/results/%d", c.dir, ends.Unix()) },
		Collector: func(session.Folder) apply.Collector { return stormCollector{} },
		Emit:      func(e apply.Event) { c.events = append(c.events, e) },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// stormCollector finds something of every session five minutes after it began.
type stormCollector struct{}

func (stormCollector) Collect(_ context.Context, w apply.Want) ([]session.Artifact, error) {
	return []session.Artifact{{Path: w.Session.Name, Session: w.Session.Name, Size: 10}}, nil
}

func (stormCollector) Measure(_ context.Context, w apply.Want) (int64, error) {
	if time.Since(w.Start) < 5*time.Minute {
		return 0, nil
	}
	return 5, nil
}

func (stormCollector) Newest(_ context.Context, w apply.Want) (record, written time.Time, err error) {
	return w.End, w.End, nil
}

// finished checks that every session was started and ended once, and that
// nothing is left.
func (c *storm) finished(r *apply.Run) {
	c.t.Helper()
	for i, f := range r.Failures() {
		if i < 5 {
			c.t.Errorf("%s failed: %s", f.Session, f.Reason)
		}
	}
	if left := c.arm.left(); len(left) != 0 {
		c.t.Errorf("%d left in Azure, such as %s", len(left), left[0])
	}
	if n := len(c.arm.doubled); n != 0 {
		c.t.Errorf("%d targets were recorded twice at a time, such as %s", n, c.arm.doubled[0])
	}
	names := map[string]bool{}
	for path := range c.arm.created {
		if strings.Contains(path, "/flowctl_") {
			names[path] = true
		}
	}
	if len(names) != stormRegions*c.targets {
		c.t.Errorf("%d sessions were made, want %d", len(names), stormRegions*c.targets)
	}
	m, err := r.Folder().Manifest()
	if err != nil {
		c.t.Fatal(err)
	}
	removed := 0
	for _, s := range m.Sessions {
		// Who is interrupted while it removes finds out in the next run only that it is gone.
		if (s.Outcome == string(ledger.Gone) || s.Outcome == string(ledger.Collected)) && !s.NoData {
			removed++
		}
	}
	if removed != stormRegions*c.targets || m.Finished.IsZero() {
		c.t.Errorf("%d sessions are said to be collected and removed, finished %v", removed, m.Finished)
	}
}

// TestAThousandTargets records a thousand targets in five regions while one
// request in seven fails, in simulated time.
func TestAThousandTargets(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newStorm(t, dir)
		c.arm.faults = true
		began := time.Now()
		r := c.run()
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		started := time.Since(began)
		if err := r.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.finished(r)
		t.Logf("%d requests (%v), all started after %s, over after %s; %d refused for an empty bucket, %d overlapped",
			c.arm.requests, c.provider.Requests(), started, time.Since(began), c.arm.refused, c.arm.overlaps)
		if started > 40*time.Minute || time.Since(began) > 3*time.Hour {
			t.Errorf("all were started after %s, over after %s", started, time.Since(began))
		}
		// Looks at a region are shared by its targets, so with few each has more of them.
		if most := stormRegions * (40*stormTargets + 200); c.arm.requests > most {
			t.Errorf("%d requests, want at most %d", c.arm.requests, most)
		}
		if c.arm.refused > 0 {
			t.Errorf("%d requests found the subscription's bucket empty", c.arm.refused)
		}
	})
}

// TestAHangingRegion lets the operations of one region hang: the others do not
// notice.
func TestAHangingRegion(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := newStorm(t, dir)
		takes := c.arm.takes
		c.arm.takes = func(path string) time.Duration {
			if strings.Contains(path, "networkwatcher_region0/") {
				return 25 * time.Minute
			}
			return takes(path)
		}
		began := time.Now()
		ctx, cancel := context.WithDeadline(t.Context(), began.Add(40*time.Minute))
		defer cancel()
		if err := c.run().Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error %v, want that region0 is not done", err)
		}
		last := make([]time.Duration, stormRegions)
		count := make([]int, stormRegions)
		for path, at := range c.arm.startedAt {
			for region := range stormRegions {
				if strings.Contains(path, fmt.Sprintf("networkwatcher_region%d/", region)) {
					last[region], count[region] = max(last[region], at.Sub(began)), count[region]+1
				}
			}
		}
		t.Logf("started %v, the last after %v", count, last)
		for region := 1; region < stormRegions; region++ {
			if count[region] != stormTargets || last[region] > 20*time.Minute {
				t.Errorf("region%d: %d started, the last after %s", region, count[region], last[region])
			}
		}
	})
}

// TestManyTargetsInterrupted stops a run in the middle of its start, and
// again while it collects, and lets others go on: the same names, nothing
// twice, nothing left.
func TestManyTargetsInterrupted(t *testing.T) {
	for name, lose := range map[string]bool{"state kept": false, "state lost": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				c := newStorm(t, dir)
				c.arm.faults, c.targets = true, 40
				began := time.Now()
				for _, after := range []time.Duration{time.Minute, 12 * time.Minute} {
					ctx, cancel := context.WithDeadline(t.Context(), began.Add(after))
					r := c.run()
					err := r.Start(ctx)
					if err == nil {
						err = r.Wait(ctx)
					}
					if err != nil && ctx.Err() == nil {
						t.Fatalf("not interrupted, but: %v", err)
					}
					cancel()
					if lose && after == time.Minute {
						if err := os.Remove(filepath.Join(dir, "state.json")); err != nil {
							t.Fatal(err)
						}
					}
				}
				r := c.run()
				if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
					t.Fatal(err)
				}
				c.finished(r)
			})
		})
	}
}
