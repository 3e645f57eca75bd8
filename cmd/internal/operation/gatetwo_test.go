package operation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"flowctl/plan"
)

// pair are two stages on one sandbox, which see each other's recordings.
func pair(t *testing.T, a, b Source) (stage, stage) {
	base := t.TempDir()
	watch := newWatchman(nil)
	one := stage{dir: filepath.Join(base, "a"), azure: filepath.Join(base, "azure"), source: a, watch: watch}
	two := one
	two.dir, two.source = filepath.Join(base, "b"), b
	return one, two
}

// both does two things side by side.
func both(a, b func() error) (errA, errB error) {
	var wg sync.WaitGroup
	wg.Go(func() { errA = a() })
	wg.Go(func() { errB = b() })
	wg.Wait()
	return errA, errB
}

func applied(ctx context.Context, g stage) error {
	failed, _, err := g.apply(ctx, ApplyOptions{})
	if len(failed) > 0 {
		err = errors.Join(err, errors.New(strings.Join(failed, "\n")))
	}
	return err
}

// clean wants nothing of flowctl to be in Azure, and nothing to have happened
// that must not.
func (g stage) clean(t *testing.T) {
	t.Helper()
	left, err := g.remains(t.Context())
	if err != nil || len(left) > 0 {
		t.Errorf("left in Azure: %v, %v", left, err)
	}
	for _, fault := range g.watch.faults() {
		t.Error(fault)
	}
}

// prints are the captures in the results, each once.
func (g stage) prints() []string {
	var out []string
	for _, a := range g.fetched() {
		n, _ := plan.ParseName(a.Session)
		out = append(out, n.Fingerprint+" "+filepath.Base(a.Path))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var faultsFile = Source{Path: "testdata/faults.hcl"}

// gateCaptures are the files of captures that testdata/faults.hcl brings.
func gateCaptures(t *testing.T) int {
	t.Helper()
	g := stage{dir: t.TempDir(), source: faultsFile, watch: newWatchman(nil)}
	if err := applied(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	g.clean(t)
	return len(g.prints())
}

// TestTwoOfOneLedger: one of two who apply the same folder at the same time is
// told who is at work, and loses nothing.
func TestTwoOfOneLedger(t *testing.T) {
	want := gateCaptures(t)
	one, _ := pair(t, faultsFile, faultsFile)
	errA, errB := both(func() error { return applied(t.Context(), one) }, func() error { return applied(t.Context(), one) })
	if (errA == nil) == (errB == nil) {
		t.Fatalf("%v and %v, want one of them to be kept out", errA, errB)
	}
	if err := errors.Join(errA, errB); !strings.Contains(err.Error(), "apply") {
		t.Errorf("error %v, want who holds the lock and what for", err)
	}
	if err := applied(t.Context(), one); err != nil {
		t.Error(err)
	}
	one.clean(t)
	if got := len(one.prints()); got != want {
		t.Errorf("%d captures, want %d", got, want)
	}
}

// TestTwoClones: two clones of one folder, each with a state of its own, apply at
// the same time, or one after the other has begun.
func TestTwoClones(t *testing.T) {
	want := gateCaptures(t)
	for name, first := range map[string]func(t *testing.T, a stage){
		"at the same time": func(*testing.T, stage) {},
		"one has begun": func(t *testing.T, a stage) {
			if _, _, err := a.apply(t.Context(), ApplyOptions{Detach: true}); err != nil {
				t.Fatal(err)
			}
		},
		"one was killed": func(t *testing.T, a stage) {
			ctx, cancel := context.WithCancel(t.Context())
			a.around = afterRequests(120, cancel)
			if _, _, err := a.apply(ctx, ApplyOptions{}); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t, faultsFile, faultsFile)
			first(t, a)
			errA, errB := both(func() error { return applied(t.Context(), a) }, func() error { return applied(t.Context(), b) })
			for _, err := range []error{errA, errB} { // what the other one took is told
				if err != nil && !strings.Contains(err.Error(), "somebody deleted it") {
					t.Error(err)
				}
			}
			if err := errors.Join(applied(t.Context(), a), applied(t.Context(), b)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			a.clean(t)
			all := slices.Compact(slices.Sorted(slices.Values(append(a.prints(), b.prints()...))))
			if len(all) < want { // what one has collected and removed the other cannot know of
				t.Errorf("%d captures in both, want %d: %q and %q", len(all), want, a.prints(), b.prints())
			}
		})
	}
}

// TestTwoOwners: investigations of one name in different hands leave each
// other's recordings alone, whatever the other one does.
func TestTwoOwners(t *testing.T) {
	for _, verb := range []string{"apply", "destroy"} {
		t.Run(verb, func(t *testing.T) {
			a, b := pair(t, Source{Path: "testdata/two.hcl"}, Source{Path: "testdata/two-other.hcl"})
			failed, _, err := a.apply(t.Context(), ApplyOptions{Detach: true})
			if err != nil || len(failed) > 0 {
				t.Fatal(failed, err)
			}
			before, err := a.recorded(t.Context())
			if err != nil || len(before) < 3 {
				t.Fatalf("%v recordings, %v", before, err)
			}
			var errB error
			if verb == "destroy" {
				errB = b.destroy(t.Context())
			} else if _, _, errB = b.apply(t.Context(), ApplyOptions{Detach: true, Approve: approveAll(t)}); errB == nil {
				errB = b.destroy(t.Context())
			}
			if errB != nil {
				t.Error(errB)
			}
			after, err := a.recorded(t.Context())
			if err != nil || len(after) != len(before) {
				t.Errorf("%d recordings of %d are left by somebody else's %s, %v", len(after), len(before), verb, err)
			}
			if err := applied(t.Context(), a); err != nil {
				t.Error(err)
			}
			a.clean(t)
		})
	}
}

// approveAll tells what blocks a plan.
func approveAll(t *testing.T) func([]plan.Plan, bool) error {
	return func(plans []plan.Plan, _ bool) error {
		for _, f := range plans[0].Findings {
			if f.Severity == plan.Error {
				t.Errorf("%s: %s", f.Code, f.Detail)
			}
		}
		return Blocked(plans)
	}
}

// TestSweepBesideApply: who sweeps all the time takes nothing from a run that is
// under way.
func TestSweepBesideApply(t *testing.T) {
	want := gateCaptures(t)
	a, b := pair(t, faultsFile, faultsFile)
	done := make(chan struct{})
	errA, errB := both(func() error {
		defer close(done)
		return applied(t.Context(), a)
	}, func() error {
		for {
			select {
			case <-done:
				return nil
			default:
			}
			swept, err := Sweep(t.Context(), b.settings(), SweepOptions{Source: &b.source})
			for _, i := range swept.Items {
				if i.Action == SweepRemoved && swept.Now.Before(i.Deadline) {
					err = errors.Join(err, fmt.Errorf("%s %s is removed at %s, before %s", i.Kind, i.ID.Name(), swept.Now, i.Deadline))
				}
			}
			if err != nil {
				return err
			}
		}
	})
	if errA != nil && !strings.Contains(errA.Error(), "somebody deleted it") || errB != nil {
		t.Errorf("apply: %v; sweep: %v", errA, errB)
	}
	if err := applied(t.Context(), a); err != nil {
		t.Error(err)
	}
	a.clean(t)
	all := slices.Compact(slices.Sorted(slices.Values(append(a.prints(), b.prints()...))))
	if len(all) != want {
		t.Errorf("%d captures in both, want %d: %q and %q", len(all), want, a.prints(), b.prints())
	}
}
