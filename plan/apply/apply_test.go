package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

func TestRunEndsEverySession(t *testing.T) {
	b := newBench(t)
	r := b.run(flowLog(), capture(10*time.Minute))
	if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	slices.Sort(b.azure.calls[:2]) // started side by side
	want := []string{"start db", "start hub", "collect db", "remove db", "stop hub", "collect hub", "remove hub"}
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
	if err := os.Remove(b.state.Where()); err != nil {
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
		for range 4 { // the capture ended, is fetched and removed; the log goes on
			r.step(t.Context(), x)
		}
	}
	m, err := r.Folder().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	run := m.Recover(r.Folder().Path)
	have, _ := b.azure.Recordings(t.Context(), nil)
	var got []plan.Action
	for _, c := range plan.Diff(spike, []plan.Session{flowLog(), capture(10 * time.Minute)}, have, run.Prior(spike, watches, b.azure.clock.now), b.azure.clock.now) {
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
		"state unreadable": {map[string]error{"status db": boom}, "", false}, // it is stopped, fetched and removed all the same
		"deleted":          {map[string]error{"status db": plan.ErrNotFound}, "somebody deleted it", false},
		"blob never comes": {map[string]error{"collect db": plan.ErrNotFound}, "did not appear within 20m", false},
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
			if tc.reason == "" {
				if len(fs) != 0 || len(b.azure.there) != 0 {
					t.Errorf("failures %+v, %d left; want none", fs, len(b.azure.there))
				}
			} else if len(fs) != 1 || !strings.Contains(fs[0].Reason, tc.reason) || (fs[0].Left != "") != tc.left {
				t.Errorf("failures %+v; want one that says %q, left: %v", fs, tc.reason, tc.left)
			}
			if left := b.remembered().Runs["spike"].Left; (len(left) == 1) != tc.left {
				t.Errorf("the ledger says that %v is left", left)
			}
			if !slices.Contains(b.azure.calls, "remove hub") {
				t.Error("the other session was not ended")
			}
		})
	}
}

// TestCollectedBeforeRemoved: what cannot be fetched is switched off and stays,
// named, until a later run has fetched it.
func TestCollectedBeforeRemoved(t *testing.T) {
	b := newBench(t)
	b.azure.fail["collect hub"] = errors.New("403 Forbidden")
	r := b.run(flowLog())
	b.finish(r)
	if fs := r.Failures(); len(fs) != 1 || fs[0].Left == "" || fs[0].WayOut == "" || len(b.azure.there) != 1 {
		t.Errorf("failures %+v, %d left; want one that is left, with the way out", fs, len(b.azure.there))
	}
	for _, rec := range b.azure.there {
		if rec.Enabled {
			t.Error("it goes on recording")
		}
	}
	told := func(r *Run) bool {
		m, err := r.Folder().Manifest()
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(m.Findings, func(f plan.Finding) bool { return f.Code == plan.NotFetched })
	}
	if !told(r) {
		t.Error("the results do not say that it is missing in them")
	}
	delete(b.azure.fail, "collect hub")
	again := b.run(flowLog())
	b.finish(again)
	if told(again) {
		t.Error("the results say that it is missing when it is there")
	}
	if fs := again.Failures(); len(fs) != 0 || len(b.azure.there) != 0 || b.remembered().Runs["spike"].Finished.IsZero() {
		t.Errorf("failures %+v, %d left; want none and a finished run", fs, len(b.azure.there))
	}
	if n := count(b.azure.calls, "start hub"); n != 1 {
		t.Errorf("it was started %d times", n)
	}
}

func count(calls []string, call string) int {
	n := 0
	for _, c := range calls {
		if c == call {
			n++
		}
	}
	return n
}

// TestChangesByOthers: what others do to a recording is noted with its time,
// nothing is started a second time, and what was recorded is collected.
func TestChangesByOthers(t *testing.T) {
	change := func(b *bench, f func(*plan.Recording)) {
		for key, rec := range b.azure.there {
			f(&rec)
			b.azure.there[key] = rec
		}
	}
	tests := map[string]struct {
		do   func(*bench)
		want string
	}{
		"deleted":      {func(b *bench) { clear(b.azure.there) }, "deleted"},
		"switched off": {func(b *bench) { change(b, func(r *plan.Recording) { r.Enabled = false }) }, "switched off"},
		"retargeted":   {func(b *bench) { change(b, func(r *plan.Recording) { r.Target = vm }) }, "target changed"},
		"account":      {func(b *bench) { change(b, func(r *plan.Recording) { r.Storage += "2" }) }, "storage account changed"},
		"filter":       {func(b *bench) { change(b, func(r *plan.Recording) { r.FlowLog = &plan.FlowLogSpec{Filter: "x"} }) }, "settings changed"},
		"taken over": {func(b *bench) {
			other := plan.Recording{ID: watcher + "/flowLogs/corp", Mechanism: plan.FlowLog, Target: vnet + "/subnets/web", Within: []plan.ID{vnet}, Enabled: true}
			b.azure.there[other.ID.Key()] = other
		}, "taken over"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			r := b.run(flowLog())
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.azure.clock.now = noon.Add(30 * time.Minute)
			tt.do(b)
			if err := r.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			said := b.texts(Changed)
			if len(said) != 1 || !strings.HasPrefix(said[0], tt.want) {
				t.Errorf("said %q, want one that begins with %q", said, tt.want)
			}
			if a, c := count(b.azure.calls, "start hub"), count(b.azure.calls, "collect hub"); a != 1 || c != 1 {
				t.Errorf("%d starts, %d fetches; want one of each: %v", a, c, b.azure.calls)
			}
			m, err := r.Folder().Manifest()
			if err != nil || len(m.Sessions[0].Changes) != 1 || len(m.Findings) != 1 || m.Findings[0].Code != plan.RecordingChanged {
				t.Errorf("manifest: %v, changes %q, findings %+v", err, m.Sessions[0].Changes, m.Findings)
			}
			// What was not recorded since is a gap, of the part that was taken over alone.
			if gaps := m.Sessions[0].Gaps; tt.want == "settings changed" != (len(gaps) == 0) ||
				len(gaps) > 0 && (len(gaps[0].Targets) == 1) != (tt.want == "taken over") {
				t.Errorf("gaps %+v of the log %s", gaps, m.Sessions[0].Log)
			}
		})
	}
}

// TestFollowedWhateverTheFileSays: targets that are gone, selectors that match
// no more and watches that have another name stop nothing.
func TestFollowedWhateverTheFileSays(t *testing.T) {
	renamed := flowLog()
	renamed.Watches = []string{"vm.db"}
	longer := flowLog()
	longer.FlowLog = &plan.FlowLogSpec{RetentionDays: 3}
	tests := map[string]struct {
		want   []plan.Session
		file   []string // watches
		starts int
		ends   time.Duration // after noon
	}{
		"not selected":    {nil, []string{"vnet.hub"}, 1, 2 * time.Hour},
		"renamed":         {[]plan.Session{renamed}, []string{"vm.db"}, 1, 2 * time.Hour},
		"watch removed":   {nil, []string{"vm.db"}, 1, 30 * time.Minute},
		"settings edited": {[]plan.Session{longer}, []string{"vnet.hub"}, 2, 2 * time.Hour},
	}
	defer func(all []string) { watches = all }(watches)
	for name, tt := range tests {
		for _, lose := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", ledger lost: ", lose), func(t *testing.T) {
				b := newBench(t)
				if err := b.run(flowLog()).Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				b.azure.clock.now = noon.Add(30 * time.Minute)
				watches = tt.file
				if lose {
					os.Remove(b.state.Where())
					if name == "watch removed" { // another clone's, for all that is known
						tt.ends = 2 * time.Hour
					}
				}
				b.finish(b.run(tt.want...))
				if n := count(b.azure.calls, "start hub"); n != tt.starts {
					t.Errorf("%d starts, want %d: %v", n, tt.starts, b.azure.calls)
				}
				fetched, removed := slices.Index(b.azure.calls, "collect hub"), slices.Index(b.azure.calls, "remove hub")
				if fetched < 0 || removed < fetched || len(b.azure.there) != 0 {
					t.Errorf("not collected before it was removed, or left: %v", b.azure.calls)
				}
				run := b.remembered().Runs["spike"]
				for _, e := range run.Sessions {
					if got := e.Ended.At.Sub(noon); name != "settings edited" && got.Round(time.Minute) != tt.ends {
						t.Errorf("ended after %s, want %s", got, tt.ends)
					}
				}
			})
		}
	}
}

// TestNothingStartsAfterTheEnd lets the window end while a plan waits for its
// turn.
func TestNothingStartsAfterTheEnd(t *testing.T) {
	b := newBench(t)
	second := capture(time.Minute)
	b.azure.on["install db"] = func() { b.azure.clock.now = noon.Add(3 * time.Hour) }
	second.InstallAgent = "Linux"
	r := b.run(second)
	b.finish(r)
	if n := count(b.azure.calls, "start db"); n != 0 {
		t.Error("it was started after the end")
	}
	if fs := r.Failures(); len(fs) != 1 || !strings.Contains(fs[0].Reason, "not started in time") {
		t.Errorf("failures %+v, want one that says so", fs)
	}
}

// TestSteps lets a scheduler do one step every five minutes: it starts,
// follows, collects and removes, and then has nothing to do.
func TestSteps(t *testing.T) {
	b := newBench(t)
	for n := 0; ; n++ {
		r := b.run(flowLog(), capture(10*time.Minute))
		r.Step = true
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := b.azure.clock.Now()
		done, err := r.Done(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if waited := b.azure.clock.Now().Sub(began); waited > 0 {
			t.Errorf("step %d waited %s", n, waited)
		}
		if done {
			break
		}
		if n > 40 {
			t.Fatalf("not done after %d steps: %v", n, b.azure.calls)
		}
		b.azure.clock.now = b.azure.clock.now.Add(5 * time.Minute)
	}
	want := []string{"start db", "start hub", "collect db", "remove db", "stop hub", "collect hub", "remove hub"}
	slices.Sort(b.azure.calls[:2])
	if diff := cmp.Diff(want, b.azure.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if p := b.plan(flowLog(), capture(10*time.Minute)); p.Pending() || !p.Finished {
		t.Errorf("afterwards a plan would do: %+v", p.Changes)
	}
}

// TestUnattendedStepsStartNothingNew: the same file may select more by now.
func TestUnattendedStepsStartNothingNew(t *testing.T) {
	b := newBench(t)
	step := func(approved string, want ...plan.Session) *Run {
		r := b.prepared(b.plan(want...), func(o *Options) { o.Step, o.Unattended, o.Approved = true, true, approved })
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r
	}
	step("one", flowLog())
	r := step("one", flowLog(), capture(10*time.Minute))
	if fs := r.Unapproved(); len(fs) != 1 || fs[0].Code != plan.NotApproved || count(b.azure.calls, "start db") != 0 {
		t.Errorf("unapproved %v, calls %v; want the capture to be left to a person", r.Unapproved(), b.azure.calls)
	}
}

// TestUnattendedStepsAfterTheEnd: what the same file selects by then begins no run that
// records nothing and hides the answer; an edited file is approved, once.
func TestUnattendedStepsAfterTheEnd(t *testing.T) {
	b := newBench(t)
	r := b.run(flowLog())
	if err := errors.Join(r.Start(t.Context()), r.Wait(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	step := func(approved string, want ...plan.Session) *Run {
		r := b.prepared(b.plan(want...), func(o *Options) { o.Step, o.Unattended, o.Approved = true, true, approved })
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r
	}
	second := capture(5 * time.Minute)
	second.Target.ID += "2"
	finished := r.Folder().Path
	same := step("", flowLog(), capture(10*time.Minute))
	if len(same.Unapproved()) != 1 || same.Folder().Path != finished || count(b.azure.calls, "start db") != 0 {
		t.Errorf("unapproved %v, results in %s, calls %v; want the capture to wait and the results to stay in %s",
			same.Unapproved(), same.Folder().Path, b.azure.calls, finished)
	}
	edited := step("two", flowLog(), capture(10*time.Minute))
	if len(edited.Unapproved()) != 0 || edited.Folder().Path == finished || count(b.azure.calls, "start db") != 1 {
		t.Errorf("unapproved %v, results in %s, calls %v; want what an edited file adds to start in a run of its own",
			edited.Unapproved(), edited.Folder().Path, b.azure.calls)
	}
	if more := step("two", flowLog(), capture(10*time.Minute), second); len(more.Unapproved()) != 1 {
		t.Errorf("unapproved %v; want what the edited file selects later to wait", more.Unapproved())
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
