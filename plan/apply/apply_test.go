package apply

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
	"flowctl/plan/state"
)

func TestRunEndsEverySession(t *testing.T) {
	b := newBench(t)
	r := b.run(flowLog(), capture(10*time.Minute))
	if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	slices.Sort(b.azure.calls[:2]) // started side by side
	want := []string{"start db", "start hub", "collect db", "remove db", "collect hub", "remove hub"}
	if diff := cmp.Diff(want, b.azure.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if n := len(b.azure.there); n != 0 {
		t.Errorf("%d recordings are left", n)
	}
	if now, end := b.azure.clock.Now(), noon.Add(2*time.Hour+DefaultLimits.Settle); !now.Equal(end) {
		t.Errorf("ended %v, want %v: the end of the window and the time for the last records", now, end)
	}
	m, err := r.Folder().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Artifacts) != 2 || m.Sessions[0].Outcome != "removed" || m.Sessions[1].Reason != "TimeExceeded" {
		t.Errorf("manifest %+v", m)
	}
}

// TestTimeToConfirm lets half an hour pass between plan and start: the window
// is as long as asked for all the same.
func TestTimeToConfirm(t *testing.T) {
	b := newBench(t)
	p := b.plan(flowLog())
	b.azure.clock.now = noon.Add(30 * time.Minute)
	start, end := b.apply(p).Window()
	if want := noon.Add(30 * time.Minute); !start.Equal(want) || !end.Equal(want.Add(2*time.Hour)) {
		t.Errorf("window %v to %v, want two hours from %v", start, end, want)
	}
}

func TestSecondRunDoesNothing(t *testing.T) {
	b := newBench(t)
	r := b.run(flowLog())
	if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	again := b.run(flowLog())
	if again.Plan.Pending() {
		t.Errorf("a second plan would do: %+v", again.Plan.Changes)
	}
}

// TestLostState kills a run after its start, loses its state and lets another
// one go on: the same sessions, the same end, the same folder.
func TestLostState(t *testing.T) {
	b := newBench(t)
	first := b.run(flowLog(), capture(10*time.Minute))
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.azure.clock.now = noon.Add(30 * time.Minute)
	if err := os.Remove(b.state.Path()); err != nil {
		t.Fatal(err)
	}
	second := b.run(flowLog(), capture(10*time.Minute))
	if second.Folder() != first.Folder() {
		t.Errorf("results in %s, want %s", second.Folder().Path, first.Folder().Path)
	}
	start, end := second.Window()
	if !start.Equal(noon) || !end.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("window %v to %v, want what it was", start, end)
	}
	if err := errors.Join(second.Start(t.Context()), second.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	starts := 0
	for _, c := range b.azure.calls {
		if strings.HasPrefix(c, "start") {
			starts++
		}
	}
	if starts != 2 || len(b.azure.there) != 0 {
		t.Errorf("%d starts, %d left; want 2 and 0: %v", starts, len(b.azure.there), b.azure.calls)
	}
}

// TestLostStateAfterACollection loses the state when one of two sessions is
// collected and removed already: the results tell that it was.
func TestLostStateAfterACollection(t *testing.T) {
	b := newBench(t)
	r := b.run(flowLog(), capture(10*time.Minute))
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.azure.clock.now = noon.Add(15 * time.Minute)
	for _, x := range r.tracked {
		r.step(t.Context(), x)
		if x.phase == state.Collected {
			r.step(t.Context(), x)
		}
	}
	m, err := r.Folder().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	run := state.Recover(r.Folder().Path, m)
	have, _ := b.azure.Recordings(t.Context(), nil)
	var got []plan.Action
	for _, c := range plan.Diff("spike", []plan.Session{flowLog(), capture(10 * time.Minute)}, have, collected(run), b.azure.clock.now) {
		got = append(got, c.Action)
	}
	if diff := cmp.Diff([]plan.Action{plan.Keep, plan.Leave}, got); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	if !run.Ends.Equal(noon.Add(2*time.Hour)) || !run.Started.Equal(noon) || !run.Finished.IsZero() {
		t.Errorf("run %+v, want the one that is under way", run)
	}
}

func TestFailures(t *testing.T) {
	boom := errors.New("409 Conflict: busy")
	tests := map[string]struct {
		fail   map[string]error
		reason string
		left   bool // the capture is still in Azure
	}{
		"start":            {map[string]error{"start db": boom}, "409 Conflict", false},
		"state unreadable": {map[string]error{"status db": boom}, "read its state: 409", true},
		"deleted":          {map[string]error{"status db": plan.ErrNotFound}, "somebody deleted it", false},
		"blob never comes": {map[string]error{"collect db": plan.ErrNotFound}, "did not appear within 20m0s", true},
		"fetch":            {map[string]error{"collect db": boom}, "409 Conflict", true},
		"remove":           {map[string]error{"remove db": boom}, "remove: 409", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.azure.fail = tc.fail
			r := b.run(flowLog(), capture(10*time.Minute))
			if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
				t.Fatal(err)
			}
			fs := r.Failures()
			if len(fs) != 1 || !strings.Contains(fs[0].Reason, tc.reason) || (fs[0].Left != "") != tc.left {
				t.Errorf("failures %+v; want one that says %q, left: %v", fs, tc.reason, tc.left)
			}
			if !slices.Contains(b.azure.calls, "remove hub") {
				t.Error("the other session was not ended")
			}
		})
	}
}

func TestFlowLogIsRemovedAlthoughItsFetchFailed(t *testing.T) {
	b := newBench(t)
	b.azure.fail["collect hub"] = errors.New("403 Forbidden")
	r := b.run(flowLog())
	if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	if fs := r.Failures(); len(fs) != 1 || fs[0].Left != "" || len(b.azure.there) != 0 {
		t.Errorf("failures %+v, %d left; want one failure and nothing left", fs, len(b.azure.there))
	}
}

// TestOrphans removes what nothing asks for; one that cannot be removed is a
// failure that stops nothing else.
func TestOrphans(t *testing.T) {
	for name, fail := range map[string]error{"removed": nil, "locked": errors.New("409 Conflict: ScopeLocked")} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			old := b.run(capture(10 * time.Minute))
			if err := old.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.azure.fail["remove db"] = fail
			r := b.run(flowLog())
			if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
				t.Fatal(err)
			}
			if got := len(r.Failures()); (got == 1) != (fail != nil) {
				t.Errorf("failures %+v with the error %v", r.Failures(), fail)
			}
			if !slices.Contains(b.azure.calls, "remove hub") {
				t.Error("the session that is asked for did not run to its end")
			}
		})
	}
}

func TestReusedLogIsLeftAlone(t *testing.T) {
	b := newBench(t)
	corp := plan.Recording{ID: watcher + "/flowLogs/corp", Mechanism: plan.FlowLog, Target: vnet, Storage: account, Enabled: true}
	b.azure.there[corp.ID.Key()] = corp
	r := b.run(flowLog())
	if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"collect hub"}, b.azure.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestInterrupt(t *testing.T) {
	b := newBench(t)
	r := b.run(flowLog())
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if len(b.azure.there) != 1 {
		t.Error("the session did not go on")
	}
}

func TestCaptureIsStoppedAtTheEndOfTheWindow(t *testing.T) {
	b := newBench(t)
	r := b.run(capture(5 * time.Hour))
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(b.azure.calls, "stop db") {
		t.Errorf("calls %v, want a stop", b.azure.calls)
	}
}
