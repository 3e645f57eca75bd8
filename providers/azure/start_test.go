package azure

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flowctl/plan"

	"github.com/google/go-cmp/cmp"
)

// nth fails the n-th request of a kind.
func nth(what string, n int, f fault) func(string, int) *fault {
	return func(w string, i int) *fault {
		if w == what && i == n {
			return &f
		}
		return nil
	}
}

func always(what string, f fault) func(string, int) *fault {
	return func(w string, _ int) *fault {
		if w == what {
			return &f
		}
		return nil
	}
}

func TestStart(t *testing.T) {
	tests := map[string]struct {
		set      func(*fakeARM)
		sequence string // of requests, but for polls
		err      string // part of it; empty: none
		left     bool   // the resource is there afterwards
		slept    time.Duration
	}{
		"plain": {
			sequence: "GET PUT GET GET", left: true,
		},
		"refused": {
			set:      func(a *fakeARM) { a.fail = always("PUT", fault{status: 403, code: "AuthorizationFailed"}) },
			sequence: "GET PUT GET", err: "403 AuthorizationFailed: It did not work.",
		},
		"throttled": {
			set:      func(a *fakeARM) { a.fail = nth("PUT", 1, fault{status: 429, code: "TooManyRequests", after: "17"}) },
			sequence: "GET PUT PUT GET GET", left: true, slept: 17 * time.Second,
		},
		"watcher busy": {
			set:      func(a *fakeARM) { a.fail = nth("PUT", 1, fault{status: 409, code: "AnotherOperationInProgress"}) },
			sequence: "GET PUT PUT GET GET", left: true,
		},
		"operation superseded": {
			set:      func(a *fakeARM) { a.fail = nth("PUT", 1, fault{opCode: "RetryableErrorDueToAnotherOperation"}) },
			sequence: "GET PUT GET GET DELETE GET PUT GET GET", left: true,
		},
		"500 without effect": {
			set:      func(a *fakeARM) { a.fail = nth("PUT", 1, fault{status: 500, code: "InternalServerError"}) },
			sequence: "GET PUT GET PUT GET GET", left: true,
		},
		"500 with effect": {
			set: func(a *fakeARM) {
				a.fail = nth("PUT", 1, fault{status: 500, code: "InternalServerError", effect: true})
			},
			sequence: "GET PUT GET GET GET", left: true,
		},
		"reset without effect": {
			set:      func(a *fakeARM) { a.fail = nth("PUT", 1, fault{reset: true}) },
			sequence: "GET PUT GET PUT GET GET", left: true,
		},
		"reset with effect": {
			set:      func(a *fakeARM) { a.fail = nth("PUT", 1, fault{reset: true, effect: true}) },
			sequence: "GET PUT GET GET GET", left: true,
		},
		"500 for ever": {
			set:      func(a *fakeARM) { a.fail = always("PUT", fault{status: 500, code: "InternalServerError"}) },
			sequence: "GET PUT GET PUT GET PUT GET GET", err: "500 InternalServerError",
		},
		"operation failed once": {
			set:      func(a *fakeARM) { a.fail = nth("PUT", 1, fault{opCode: "InternalServerError"}) },
			sequence: "GET PUT GET GET DELETE GET PUT GET GET", left: true,
		},
		"operation failed": {
			set:      func(a *fakeARM) { a.fail = always("PUT", fault{opCode: "AgentMissing"}) },
			sequence: "GET PUT GET DELETE GET",
			err:      "operation failed AgentMissing: The operation did not work.; the NOUN was removed again",
		},
		"cannot be removed": {
			set: func(a *fakeARM) {
				a.fail = func(what string, n int) *fault {
					switch what {
					case "PUT":
						return &fault{opCode: "AgentMissing"}
					case "DELETE":
						return &fault{status: 409, code: "ScopeLocked"}
					}
					return nil
				}
			},
			sequence: "GET PUT GET DELETE",
			err:      "it is still there and cannot be removed: 409 ScopeLocked", left: true,
		},
		"target kept otherwise": {
			set: func(a *fakeARM) {
				a.onPut = func(p map[string]any) {
					for _, k := range []string{"target", "targetResourceId"} {
						if p[k] != nil {
							p[k] = "/other"
						}
					}
				}
			},
			sequence: "GET PUT GET GET GET GET GET GET GET DELETE GET",
			err:      `what is kept is not what was sent: target is "/other" and not`,
		},
		"read before it shows the write": {
			set: func(a *fakeARM) {
				sent := map[string]any{}
				a.onPut = func(p map[string]any) {
					for _, k := range []string{"target", "targetResourceId"} {
						if p[k] != nil {
							sent[k], p[k] = p[k], "/other"
						}
					}
				}
				a.fail = func(what string, n int) *fault {
					if what == "GET" && n == 4 {
						for _, r := range a.resources {
							maps.Copy(r["properties"].(map[string]any), sent)
						}
					}
					return nil
				}
			},
			sequence: "GET PUT GET GET GET", left: true,
		},
		"reset with effect, seen late, then a conflict": {
			set: func(a *fakeARM) {
				a.fail = func(what string, n int) *fault {
					switch {
					case what == "PUT" && n == 1:
						a.hideReads = 3
						return &fault{reset: true, effect: true}
					case what == "PUT":
						return &fault{status: 409, code: "Conflict"}
					}
					return nil
				}
			},
			sequence: "GET PUT GET PUT GET GET GET GET GET", left: true,
		},
		"seen late": {
			set:      func(a *fakeARM) { a.hideReads = 3 },
			sequence: "GET PUT GET GET GET GET", left: true,
		},
		"never seen": {
			set:      func(a *fakeARM) { a.hideReads = 1000 },
			sequence: "GET PUT GET GET GET GET GET GET GET GET GET GET GET GET GET", left: true,
			err: "404 ResourceNotFound",
		},
	}
	for _, m := range []plan.Mechanism{plan.FlowLog, plan.PacketCapture} {
		for name, tt := range tests {
			t.Run(string(m)+"/"+name, func(t *testing.T) {
				a := newARM()
				if tt.set != nil {
					tt.set(a)
				}
				p, clock := newTestProvider(t, a)
				p.retry.again = 2
				s := testSession(m)
				r, err := p.Start(context.Background(), s)
				check(t, err, strings.Replace(tt.err, "NOUN", strings.ReplaceAll(string(m), "_", " "), 1))
				if got := a.sequence(); got != tt.sequence {
					t.Errorf("requests\n got %s\nwant %s", got, tt.sequence)
				}
				if left := len(a.resources) == 1; left != tt.left {
					t.Errorf("left behind: %v, want %v", left, tt.left)
				}
				if tt.slept > 0 && !slices.Contains(clock.slept, tt.slept) {
					t.Errorf("slept %v, want %v among it", clock.slept, tt.slept)
				}
				if tt.err == "" {
					if d := plan.Differs(s, r); d != "" {
						t.Errorf("recording differs from the session in its %s", d)
					}
					if r.Provisioning != "Succeeded" || r.Location != "westeurope" || r.ID.Name() != "one" {
						t.Errorf("got %+v", r)
					}
				}
			})
		}
	}
}

// check compares an error with the part of its text that is wanted.
func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want == "":
	case err == nil:
		t.Errorf("no error, want %q", want)
	case want == "":
		t.Errorf("error %v", err)
	case !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want %q in it", err, want)
	case strings.Contains(err.Error(), "\n"):
		t.Errorf("error has several lines: %q", err)
	}
}

func TestStartChangesNothingThatIsThere(t *testing.T) {
	a := newARM()
	p, _ := newTestProvider(t, a)
	ctx := context.Background()
	if _, err := p.Start(ctx, testSession(plan.FlowLog)); err != nil {
		t.Fatal(err)
	}
	before := len(a.requests)
	_, err := p.Start(ctx, testSession(plan.FlowLog))
	if !errors.Is(err, plan.ErrExists) {
		t.Errorf("error %v, want one that is ErrExists", err)
	}
	if diff := cmp.Diff([]string{"GET"}, a.requests[before:]); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

func TestStartStopsWhenCanceled(t *testing.T) {
	a := newARM()
	a.opPolls = 1000
	p, _ := newTestProvider(t, a)
	ctx, cancel := context.WithCancel(context.Background())
	a.fail = func(what string, n int) *fault {
		if what == "GET operation" && n == 3 {
			cancel()
		}
		return nil
	}
	_, err := p.Start(ctx, testSession(plan.PacketCapture))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one that is context.Canceled", err)
	}
	if len(a.resources) != 1 {
		t.Error("the capture is gone, want it left for the next run")
	}
}

func TestWritesToOneWatcherDoNotOverlap(t *testing.T) {
	a := newARM()
	a.opPolls = 3
	p, _ := newTestProvider(t, a)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		for _, w := range []plan.ID{watcher, watcher + "2"} {
			wg.Go(func() {
				s := testSession(plan.FlowLog)
				s.Name, s.Watcher = name, w
				r, err := p.Start(context.Background(), s)
				if err == nil {
					err = p.Remove(context.Background(), r)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if a.overlapped {
		t.Error("a write began while another ran on the same watcher")
	}
	if len(a.resources) != 0 {
		t.Errorf("%d flow logs left", len(a.resources))
	}
}
