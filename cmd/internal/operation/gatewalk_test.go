package operation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"flowctl/plan"
)

// TestWalks lets people, others and accidents do what they like to an
// investigation, one thing after the other, drawn from a seed: apply, apply
// --detach, stop, collect, sweep, edit the file; kill what runs, lose the state
// or the results too; delete a recording, switch a log off, take an agent away;
// let time pass; and requests fail meanwhile. Whatever happened, at the end one
// verb leaves nothing of flowctl and everything of others.
//
// FLOWCTL_WALKS=n walks from n seeds, FLOWCTL_WALK=seed from one, with its steps
// in the log.
func TestWalks(t *testing.T) {
	n, first := 4/sparse, uint64(1)
	for name, v := range map[string]func(uint64){"FLOWCTL_WALKS": func(v uint64) { n = int(v) }, "FLOWCTL_WALK": func(v uint64) { n, first = 1, v }} {
		if text := os.Getenv(name); text != "" {
			number, err := strconv.ParseUint(text, 10, 32)
			if err != nil || number == 0 {
				t.Fatalf("%s=%s: want a number", name, text)
			}
			v(number)
		}
	}
	base := t.TempDir()
	var f figures
	var mu sync.Mutex
	steps := 0
	workers(n, func(_, i int) {
		seed := first + uint64(i)
		w := newWalk(seed, filepath.Join(base, fmt.Sprint(seed)))
		bad := w.walk(t.Context())
		f.add(bad)
		mu.Lock()
		defer mu.Unlock()
		steps += len(w.steps)
		for _, fault := range bad {
			t.Errorf("FLOWCTL_WALK=%d: %s\n  after %s", seed, fault, strings.Join(w.steps, "\n        "))
		}
		if n == 1 {
			t.Logf("seed %d:\n  %s", seed, strings.Join(w.steps, "\n  "))
		}
	})
	t.Logf("%d seeds from %d, %d steps, %v", n, first, steps, &f)
}

// walk is one walk under way.
type walk struct {
	stage
	seed  uint64
	rand  *rand.Rand
	steps []string
	bad   []string
	text  string // of the file
	rate  float64

	mu      sync.Mutex
	calls   map[string]uint64
	sent    int
	kill    int // at this request of the step; 0: not
	killed  string
	cancel  context.CancelFunc
	foreign plan.ID // a capture that others made
}

const walkFile = `provider "sandbox" {
  clock = 0
}

investigation "walk" {
  reason = "whatever happens"
  owner  = "gate@example.com"
  window = "WINDOW"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "subnet" "db" {
    name           = "snet-db"
    vnet           = "vnet-data"
    resource_group = "rg-net"
    flow_log {
      retention_days = 3
    }
  }
  watch "vm" "app" {
    name           = "vm-app-2"
    resource_group = "rg-shop"
    packet_capture {
      duration  = "4m"
      max_bytes = "64KiB"
      agent     = "install"
    }
  }
  # more
}
`

const walkMore = `watch "vm" "build" {
    name           = "vm-build-1"
    resource_group = "rg-data"
    packet_capture {
      duration  = "LENGTH"
      max_bytes = "64KiB"
    }
  }`

func newWalk(seed uint64, dir string) *walk {
	w := &walk{seed: seed, rand: rand.New(rand.NewPCG(seed, 0)), calls: map[string]uint64{}}
	w.stage = stage{dir: filepath.Join(dir, "run"), source: Source{Path: filepath.Join(dir, "walk.hcl")}, watch: newWatchman(nil), around: w.mischief}
	w.text = strings.ReplaceAll(walkFile, "WINDOW", "12m")
	return w
}

// mischief fails requests by chance, which hangs on the seed and on what is asked
// for the how many-th time, and not on what else is under way; and it takes the
// picture that a process leaves which is killed at a request.
func (w *walk) mischief(inner policy.Transporter) policy.Transporter {
	return transportFunc(func(req *http.Request) (*http.Response, error) {
		chance, dead := w.meet(req)
		switch {
		case dead:
			return nil, errors.New("the process is dead")
		case chance >= w.rate:
			return inner.Do(req)
		case chance < w.rate/4:
			return nil, errors.New("connection reset by peer")
		case chance < w.rate/2 && req.Method != http.MethodGet:
			resp, err := inner.Do(req)
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			return nil, errors.New("connection reset by peer, afterwards")
		case chance < w.rate*3/4:
			return refusedBy(req, http.StatusTooManyRequests, "TooManyRequests"), nil
		}
		return refusedBy(req, http.StatusInternalServerError, "InternalServerError"), nil
	})
}

func (w *walk) meet(req *http.Request) (chance float64, dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.killed != "" {
		return 1, true
	}
	w.sent++
	if w.sent == w.kill {
		w.killed = w.dir + ".killed"
		if err := errors.Join(os.RemoveAll(w.killed), copyFolder(w.dir, w.killed)); err != nil {
			panic(err)
		}
		w.cancel()
		return 1, true
	}
	key := req.Method + " " + req.URL.Path
	w.calls[key]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %d", w.seed, key, w.calls[key])
	return float64(h.Sum64()>>11) / (1 << 53), false
}

func refusedBy(req *http.Request, status int, code string) *http.Response {
	body := fmt.Sprintf(`{"error":{"code":%q,"message":"By chance."}}`, code)
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Request: req, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}, "X-Ms-Error-Code": {code}}, ProtoMajor: 1, ProtoMinor: 1}
}

// step notes what is done.
func (w *walk) step(format string, args ...any) {
	w.steps = append(w.steps, fmt.Sprintf(format, args...))
}

func (w *walk) fault(kind, format string, args ...any) {
	w.bad = append(w.bad, kind+": "+fmt.Sprintf(format, args...))
}

func (w *walk) walk(ctx context.Context) []string {
	defer os.RemoveAll(filepath.Dir(w.dir))
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return []string{"failed: " + err.Error()}
	}
	w.write()
	w.others(ctx, "create")
	for range 4 + w.rand.IntN(6) {
		w.once(ctx)
	}
	w.end(ctx)
	return append(w.bad, w.watch.faults()...)
}

func (w *walk) write() {
	if err := os.WriteFile(w.source.Path, []byte(w.text), 0o600); err != nil {
		w.fault("failed", "%v", err)
	}
}

// once does one thing.
func (w *walk) once(ctx context.Context) {
	w.rate = []float64{0, 0, 0.03, 0.1}[w.rand.IntN(4)]
	if w.rand.IntN(3) == 0 {
		w.kill = 1 + w.rand.IntN(250)
	}
	switch n := w.rand.IntN(20); {
	case n < 4:
		w.mortal(ctx, "apply", func(ctx context.Context) error { _, _, err := w.apply(ctx, ApplyOptions{}); return err })
	case n < 9:
		w.mortal(ctx, "apply --detach", func(ctx context.Context) error {
			_, _, err := w.apply(ctx, ApplyOptions{Detach: true})
			return err
		})
	case n < 10:
		w.mortal(ctx, "stop", func(ctx context.Context) error {
			return Locked(ctx, w.settings(), w.source, "stop", func(op *Operation) error { _, err := op.Stop(ctx); return err })
		})
	case n < 11:
		w.mortal(ctx, "collect", func(ctx context.Context) error {
			return Locked(ctx, w.settings(), w.source, "collect", func(op *Operation) error {
				results, err := op.Collect(ctx)
				CloseAll(results)
				return err
			})
		})
	case n < 12:
		w.mortal(ctx, "sweep", func(ctx context.Context) error {
			_, err := Sweep(ctx, w.settings(), SweepOptions{Source: &w.source})
			return err
		})
	case n < 15:
		w.pass(ctx, time.Duration(1+w.rand.IntN(15))*time.Minute)
	case n < 16:
		loss := losses[1+w.rand.IntN(2)]
		w.step("%s", loss.name)
		if err := loss.lose(w.dir); err != nil {
			w.fault("failed", "%v", err)
		}
	case n < 18:
		w.others(ctx, []string{"delete", "switch off", "take the agent"}[w.rand.IntN(3)])
	default:
		w.edit()
	}
	w.rate, w.kill = 0, 0
}

// mortal does what can be killed. What it fails with is its own affair, as long
// as it ends.
func (w *walk) mortal(ctx context.Context, what string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // real ones
	defer cancel()
	w.mu.Lock()
	w.cancel, w.sent, w.killed = cancel, 0, ""
	w.mu.Unlock()
	began := w.now(ctx)
	err := do(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		w.fault("failed", "%s does not end", what)
	}
	if text := fmt.Sprint(err); strings.Contains(text, "panic") {
		w.fault("failed", "%s: %v", what, err)
	}
	dead := w.killed
	w.mu.Lock()
	w.killed, w.kill = "", 0
	w.mu.Unlock()
	if dead != "" {
		if err := errors.Join(os.RemoveAll(w.dir), os.Rename(dead, w.dir)); err != nil {
			w.fault("failed", "%v", err)
		}
		w.back(ctx)
		w.step("%s at %s, killed at its request %d", what, began.Format("15:04:05"), w.sent)
		return
	}
	if took := w.now(ctx).Sub(began); took > longestRun {
		w.fault("failed", "%s ends after %s", what, took)
	}
	w.step("%s at %s, %d requests, of 100 %.0f failed: %v", what, began.Format("15:04:05"), w.sent, 100*w.rate, err)
}

// back makes paths in what was remembered those of the run again, and the
// watchman forget what the picture does not have.
func (w *walk) back(ctx context.Context) {
	_ = filepath.Walk(w.dir, func(name string, info os.FileInfo, err error) error {
		if err != nil || filepath.Ext(name) != ".json" {
			return nil
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil
		}
		return os.WriteFile(name, bytes.ReplaceAll(b, []byte(w.dir+".killed/"), []byte(w.dir+"/")), 0o600)
	})
	there, err := w.calm().recorded(context.WithoutCancel(ctx))
	if err != nil {
		w.fault("failed", "%v", err)
	}
	bad := w.watch.faults()
	w.watch = newWatchman(there)
	w.watch.bad = bad
}

// calm is the stage without mischief, and without anybody who watches.
func (w *walk) calm() stage {
	g := w.stage
	g.around, g.watch = nil, nil
	return g
}

func (w *walk) now(ctx context.Context) time.Time {
	op, err := w.calm().open(context.WithoutCancel(ctx))
	if err != nil {
		w.fault("failed", "%v", err)
		return time.Time{}
	}
	return op.now()
}

func (w *walk) pass(ctx context.Context, d time.Duration) {
	w.step("%s pass", d)
	op, err := w.calm().open(ctx)
	if err == nil {
		err = op.providers[op.aliases()[0]].Clock().Sleep(ctx, d)
	}
	if err != nil {
		w.fault("failed", "%v", err)
	}
}

// edit changes the file: the window, whether there is a third watch, and its
// settings.
func (w *walk) edit() {
	window := []string{"8m", "12m", "25m"}[w.rand.IntN(3)]
	more := []string{"", strings.ReplaceAll(walkMore, "LENGTH", "4m"), strings.ReplaceAll(walkMore, "LENGTH", "6m")}[w.rand.IntN(3)]
	w.text = strings.ReplaceAll(strings.ReplaceAll(walkFile, "WINDOW", window), "# more", more)
	w.step("edit: window %s, %d bytes more", window, len(more))
	w.write()
}

// others do something with other tools.
func (w *walk) others(ctx context.Context, what string) {
	op, err := w.calm().open(ctx)
	if err != nil {
		w.fault("failed", "%v", err)
		return
	}
	p := op.providers[op.aliases()[0]]
	w.step("others: %s", what)
	switch what {
	case "create":
		err = w.create(ctx, op)
	case "take the agent":
		agents, listErr := p.Agents(ctx)
		for _, a := range agents {
			err = errors.Join(err, p.RemoveAgent(ctx, a))
		}
		err = errors.Join(err, listErr)
	default:
		var ours []plan.Recording
		for _, r := range op.allRecordings() {
			if _, ok := plan.ParseName(r.ID.Name()); ok && (what == "delete" || r.Mechanism == plan.FlowLog) {
				ours = append(ours, r)
			}
		}
		if len(ours) == 0 {
			return
		}
		r := ours[w.rand.IntN(len(ours))]
		w.step("        which is %s", r.ID.Name())
		if what == "delete" {
			err = p.Remove(ctx, r)
			n, _ := plan.ParseName(r.ID.Name())
			w.watch.mu.Lock()
			delete(w.watch.alive, n.Mark+n.Fingerprint)
			w.watch.mu.Unlock()
		} else {
			err = p.Stop(ctx, r)
		}
	}
	if err != nil {
		w.fault("failed", "others: %v", err)
	}
}

// create makes a flow log of others, which has to be there in the end.
func (w *walk) create(ctx context.Context, op *Operation) error {
	inv := op.inventories[op.aliases()[0]]
	p := op.providers[op.aliases()[0]]
	i := slices.IndexFunc(inv.NICs, func(n plan.NIC) bool { return n.ID.Name() == "nic-jump" })
	j := slices.IndexFunc(inv.Watchers, func(x plan.Watcher) bool { return x.Location == "westeurope" })
	k := slices.IndexFunc(inv.Accounts, func(a plan.StorageAccount) bool { return a.ID.Name() == "stcontosonetweu" })
	if i < 0 || j < 0 || k < 0 {
		return errors.New("the world has no nic-jump, no watcher or no account")
	}
	r, err := p.Start(ctx, plan.Session{
		Name: "theirs", Mechanism: plan.FlowLog, Watcher: inv.Watchers[j].ID, Watches: []string{"nic.jump"}, FlowLog: &plan.FlowLogSpec{},
		Target: plan.Target{Kind: "nic", ID: inv.NICs[i].ID, Location: "westeurope", Provider: op.aliases()[0]}, Storage: inv.Accounts[k].ID,
	})
	w.foreign = r.ID
	return err
}

// end wants one verb to leave nothing, whatever had happened.
func (w *walk) end(ctx context.Context) {
	verb := []string{"apply", "destroy", "sweep"}[w.rand.IntN(3)]
	w.step("at last: %s", verb)
	var err error
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	switch verb {
	case "apply":
		_, _, err = w.apply(ctx, ApplyOptions{})
	case "destroy":
		err = w.destroy(ctx)
	case "sweep":
		w.pass(ctx, 3*time.Hour)
		_, err = Sweep(ctx, w.settings(), SweepOptions{Source: &w.source})
	}
	if err != nil {
		w.fault("failed", "%s: %v", verb, err)
	}
	left, err := w.calm().remains(ctx)
	if err != nil {
		w.fault("failed", "%v", err)
	}
	for _, what := range left {
		w.fault("orphan", "%s after %s", what, verb)
	}
	op, err := w.calm().open(ctx)
	if err != nil {
		w.fault("failed", "%v", err)
		return
	}
	if !slices.ContainsFunc(op.allRecordings(), func(r plan.Recording) bool { return r.ID.Is(w.foreign) && r.Enabled }) {
		w.fault("foreign removed", "%s", w.foreign.Name())
	}
}
