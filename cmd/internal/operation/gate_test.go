package operation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"flowctl/plan"
	"flowctl/plan/session"
)

// boundary is what a killed process leaves: its folder as it was before or
// after one of its requests.
type boundary struct {
	dir  string
	name string              // such as "before 17 PUT …/packetCaptures/x"
	made map[string][]string // names that were given until then
}

// recorder copies the folder of a run at some of its requests. A copy is made
// while no request is under way, as if the process had ended there.
type recorder struct {
	dir, into string
	take      func(n int) bool // whether boundary n is kept
	only      string           // what the path ends in of a request after which it may be; empty for any
	behind    bool             // only where the manifest changed, and as if that was not written yet
	inner     policy.Transporter
	watch     *watchman

	mu       sync.RWMutex // held for reading by requests
	n        int
	list     []boundary
	manifest []byte // as it was at the request before
}

// Do sends one request.
func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	r.mark("before", req)
	r.mu.RLock()
	resp, err := r.inner.Do(req)
	r.mu.RUnlock()
	r.mark("after", req)
	return resp, err
}

func (r *recorder) mark(when string, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.only != "" && (when == "before" || !strings.HasSuffix(req.URL.Path, r.only)) {
		return
	}
	before := r.manifest
	if r.behind {
		r.manifest = manifestBelow(r.dir)
		if before == nil || bytes.Equal(before, r.manifest) {
			return
		}
	}
	r.n++
	if !r.take(r.n) {
		return
	}
	to := filepath.Join(r.into, fmt.Sprint(r.n))
	if err := copyFolder(r.dir, to); err != nil {
		panic(err)
	}
	if r.behind {
		putManifest(to, bytes.ReplaceAll(before, []byte(r.dir+"/"), []byte(to+"/")))
	}
	path := req.URL.Path
	r.watch.mu.Lock()
	made := maps.Clone(r.watch.made)
	r.watch.mu.Unlock()
	r.list = append(r.list, boundary{to, fmt.Sprintf("%s request %d, %s …%s", when, (r.n+1)/2, req.Method, path[max(0, len(path)-60):]), made})
}

// manifestBelow is the manifest of the run whose results are in dir, nil if there
// is none.
func manifestBelow(dir string) []byte {
	for _, name := range manifestsBelow(dir) {
		if b, err := os.ReadFile(name); err == nil {
			return b
		}
	}
	return nil
}

func putManifest(dir string, b []byte) {
	for _, name := range manifestsBelow(dir) {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			panic(err)
		}
	}
}

func manifestsBelow(dir string) []string {
	names, _ := filepath.Glob(filepath.Join(dir, "results", "*", "*", "manifest.json"))
	return names
}

var gateFile = Source{Path: "testdata/gate.hcl"}

// total is what the latest results count.
func (g stage) total(ctx context.Context, name string) (string, error) {
	folder, ok := session.Latest(g.settings().resultsOf(name))
	if !ok {
		return "no results", nil
	}
	a, err := Summarize(ctx, g.settings(), SummarizeOptions{Paths: []string{folder.Path}})
	if err != nil {
		return "", err
	}
	defer a.Close()
	t := a.Doc.Total
	return fmt.Sprintf("%v packets, %v bytes, %d conversations", t.Packets, t.IPBytes, t.Conversations), nil
}

// gateSessions is how many sessions the file makes.
const gateSessions = 5

// began counts the sessions that had begun.
func (g stage) began(there []plan.Recording) (int, error) {
	prints := map[string]bool{}
	for _, r := range there {
		n, _ := plan.ParseName(r.ID.Name())
		prints[n.Fingerprint] = true
	}
	if folder, ok := session.Latest(g.settings().resultsOf("gate")); ok {
		m, err := folder.Manifest()
		if err != nil {
			return 0, err
		}
		for _, a := range m.Artifacts {
			if n, ok := plan.ParseName(a.Session); ok {
				prints[n.Fingerprint] = true
			}
		}
	}
	return len(prints), nil
}

// gateTake reads FLOWCTL_GATE: each n-th boundary, or n+k for those with k
// before the first. Without it few are taken, and of losses and verbs one each.
func gateTake(t *testing.T) (take func(n int) bool, whole bool) {
	every, offset := 211*sparse, 0
	if text := os.Getenv("FLOWCTL_GATE"); text != "" {
		n, k, _ := strings.Cut(text, "+")
		var err, err2 error
		every, err = strconv.Atoi(n)
		if k != "" {
			offset, err2 = strconv.Atoi(k)
		}
		if errors.Join(err, err2) != nil || every < 1 {
			t.Fatalf("FLOWCTL_GATE=%s: want a number, such as 1 for every boundary, or 97+13 for each 97th after the 13th", text)
		}
		whole = true
	}
	return func(n int) bool { return n > offset && (n-offset)%every == 0 }, whole
}

// figures count what a gate found, by the first word of each fault.
type figures struct {
	mu     sync.Mutex
	points int
	clean  int
	kinds  map[string]int
}

func (f *figures) add(bad []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.points++
	if len(bad) == 0 {
		f.clean++
	}
	if f.kinds == nil {
		f.kinds = map[string]int{}
	}
	for _, fault := range bad {
		kind, _, _ := strings.Cut(fault, ":")
		f.kinds[kind]++
	}
}

func (f *figures) String() string {
	return fmt.Sprintf("%d points, %d clean; orphans %d, doubles %d, captures lost %d, differing summaries %d, started after the end %d, foreign removed %d, other %d",
		f.points, f.clean, f.kinds["orphan"], f.kinds["double"], f.kinds["lost"], f.kinds["differs"], f.kinds["started after its end"], f.kinds["foreign removed"], f.kinds["failed"])
}

// workers does n things on all processors.
func workers(n int, do func(worker, i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				do(w, i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// gatePoint is one way to go on after a kill.
type gatePoint struct {
	at       boundary
	loss     int
	verb     string
	want     string // answer
	captures int
	refuses  bool // storage keeps nothing of flowctl's
}

// killing says where runs are killed, and what is tried after it.
type killing struct {
	take    func(n int) bool // boundaries
	only    string           // as the recorder's
	behind  bool             // as the recorder's
	whole   bool             // every loss and verb at each
	refuses bool             // storage keeps nothing of flowctl's
	losses  []int            // by place in losses; nil for all
}

// TestKill ends a run at its requests and goes on with each verb after each
// loss. Whatever was lost: nothing is left in Azure, nothing is there twice, no
// capture is lost, and the answer is the same. FLOWCTL_GATE=n takes each n-th
// boundary, 1 all, and every loss and verb at each.
func TestKill(t *testing.T) {
	take, whole := gateTake(t)
	killing{take: take, whole: whole}.everywhere(t)
}

// TestKillBetweenKept is TestKill after what is kept of a run beside its data, and
// before its manifest is: the one then knows of files that the other does not.
func TestKillBetweenKept(t *testing.T) {
	killing{take: func(n int) bool { return n%(5*sparse) == 0 }, only: "/run.json", whole: true}.everywhere(t)
}

// TestKillBetweenSaved is TestKill after the state was saved, and before the
// manifest was.
func TestKillBetweenSaved(t *testing.T) {
	_, dense := gateTake(t)
	killing{take: func(n int) bool { return n%(4*sparse) == 0 || dense && n%2 == 0 }, behind: true, whole: true, losses: []int{0}}.everywhere(t)
}

// TestKillWithoutUndo is TestKill where flowctl may not write beside the data:
// after a total loss nobody knows how lifecycle rules were, which is told.
func TestKillWithoutUndo(t *testing.T) {
	take, whole := gateTake(t)
	killing{take: func(n int) bool { return take(n) && (!whole || n%3 == 0) }, whole: whole, refuses: true}.everywhere(t)
}

func (k killing) everywhere(t *testing.T) {
	base := t.TempDir()
	rec := &recorder{dir: filepath.Join(base, "run"), into: filepath.Join(base, "kept"), take: k.take, only: k.only, behind: k.behind, watch: newWatchman(nil)}
	g := stage{dir: rec.dir, source: gateFile, watch: rec.watch, around: func(inner policy.Transporter) policy.Transporter {
		rec.inner = inner
		if k.refuses {
			rec.inner = keepsNothing(rec.inner)
		}
		return rec
	}}
	if failed, _, err := g.apply(t.Context(), ApplyOptions{}); err != nil || len(failed) > 0 {
		t.Fatalf("the run that is to be killed: %q failed, %v", failed, err)
	}
	g.around = nil
	want, err := g.total(t.Context(), "gate")
	if err != nil || strings.HasPrefix(want, "0 ") {
		t.Fatalf("%s, %v", want, err)
	}
	captures := len(g.fetched())
	if left, err := g.remains(t.Context()); err != nil || len(left) > 0 || captures < 5 || len(rec.watch.faults()) > 0 {
		t.Fatalf("after the run: left %v, %d captures, %v, %v", left, captures, rec.watch.faults(), err)
	}
	var f figures
	points := k.points(rec.list, want, captures)
	workers(len(points), func(w, i int) {
		p := points[i]
		bad := p.try(t.Context(), filepath.Join(base, fmt.Sprint("point", w)))
		f.add(bad)
		for _, fault := range bad {
			t.Errorf("killed %s; %s; then %s: %s", p.at.name, losses[p.loss].name, p.verb, fault)
		}
	})
	t.Logf("%d boundaries of %d, %v; %s", len(rec.list), rec.n, &f, want)
}

// points are what is tried after a run was killed at boundaries.
func (k killing) points(list []boundary, want string, captures int) (out []gatePoint) {
	for i, at := range list {
		for j := range losses {
			for v, verb := range []string{"apply", "destroy", "sweep"} {
				if (k.whole || (i+j)%3 == v) && (k.losses == nil || slices.Contains(k.losses, j)) {
					out = append(out, gatePoint{at, j, verb, want, captures, k.refuses})
				}
			}
		}
	}
	return out
}

// keepsNothing refuses what flowctl would keep in storage.
func keepsNothing(inner policy.Transporter) policy.Transporter {
	return transportFunc(func(req *http.Request) (*http.Response, error) {
		if !strings.Contains(req.URL.Host, ".blob.") || !strings.HasPrefix(req.URL.Path, "/flowctl") {
			return inner.Do(req)
		}
		return &http.Response{StatusCode: http.StatusForbidden, Status: "403 Forbidden", Request: req, Body: http.NoBody, ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"X-Ms-Error-Code": {"AuthorizationPermissionMismatch"}}}, nil
	})
}

// try goes on from the boundary in dir and returns what is wrong then. The first
// word says what sort of fault it is.
func (p gatePoint) try(ctx context.Context, dir string) (bad []string) {
	fault := func(kind, format string, args ...any) {
		bad = append(bad, kind+": "+fmt.Sprintf(format, args...))
	}
	defer os.RemoveAll(dir)
	if err := errors.Join(copyFolder(p.at.dir, dir), losses[p.loss].lose(dir)); err != nil {
		fault("failed", "%v", err)
		return bad
	}
	g := stage{dir: dir, source: gateFile}
	there, err := g.recorded(ctx)
	if err != nil {
		fault("failed", "%v", err)
		return bad
	}
	if p.lost() { // what is being deleted was collected, and nobody sees it any more
		there = slices.DeleteFunc(there, func(r plan.Recording) bool { return strings.EqualFold(r.Provisioning, "deleting") })
	}
	g.watch = newWatchman(there)
	if p.refuses {
		g.around = keepsNothing
	}
	told := ""
	switch p.verb {
	case "apply":
		told = p.apply(ctx, g, there, fault)
	case "destroy":
		if err := g.destroy(ctx); err != nil {
			if told = err.Error(); !p.unknown(told) {
				fault("failed", "%v", err)
			}
		}
	case "sweep":
		told = p.sweep(ctx, g, there, fault)
	}
	bad = append(bad, g.watch.faults()...)
	if !p.lost() {
		bad = append(bad, g.watch.again(p.at.made)...)
	}
	left, err := g.remains(ctx)
	if err != nil {
		fault("failed", "%v", err)
	}
	undone := slices.ContainsFunc(there, func(r plan.Recording) bool { return r.Tags[plan.TagUndo] != "" })
	for _, what := range left {
		switch {
		case !p.unknown(what):
			fault("orphan", "%s", what)
		case undone && !strings.Contains(told, "lifecycle rules"): // else nothing says that there was anything
			fault("failed", "%s is left and not told of", what)
		}
	}
	return bad
}

// lost reports whether nobody knows any more what was recorded before.
func (p gatePoint) lost() bool { return losses[p.loss].name == "state and results lost" }

// unknown reports whether something is about lifecycle rules of which nobody
// can know how they were.
func (p gatePoint) unknown(what string) bool {
	return p.refuses && p.loss > 0 && strings.Contains(what, "lifecycle rule")
}

// apply goes on, and returns what it told.
func (p gatePoint) apply(ctx context.Context, g stage, there []plan.Recording, fault func(kind, format string, args ...any)) string {
	begun, err := g.began(there)
	if err != nil {
		fault("failed", "%v", err)
	}
	failed, _, err := g.apply(ctx, ApplyOptions{})
	told := strings.Join(failed, "; ")
	failed = slices.DeleteFunc(failed, func(f string) bool { // that it cannot be recorded again is told
		return p.lost() && strings.Contains(f, "not started in time") || p.unknown(f)
	})
	if err != nil || len(failed) > 0 {
		fault("failed", "%q, %v", failed, err)
	}
	if got := len(g.fetched()); got < p.captures && !p.lost() {
		fault("lost", "%d captures, want %d", got, p.captures)
	}
	for _, r := range there {
		if r.Mechanism == plan.PacketCapture && !g.has(r) {
			fault("lost", "capture %s, which was there", r.ID.Name())
		}
	}
	// What starts later records other packets.
	if got, err := g.total(ctx, "gate"); losses[p.loss].name == "all kept" && begun == gateSessions && (got != p.want || err != nil) {
		fault("differs", "%s, %v; want %s", got, err, p.want)
	}
	if runs, _ := filepath.Glob(filepath.Join(g.dir, "results", "*", "*")); len(runs) != 1 {
		fault("double", "%d folders of results", len(runs))
	}
	return told
}

// sweep sweeps when all is past its deadline, and wants every capture that was
// there to be here. It returns what was told.
func (p gatePoint) sweep(ctx context.Context, g stage, there []plan.Recording, fault func(kind, format string, args ...any)) string {
	op, err := g.open(ctx)
	if err == nil {
		err = op.providers[op.aliases()[0]].Clock().Sleep(ctx, 3*time.Hour)
	}
	if err != nil {
		fault("failed", "%v", err)
		return ""
	}
	swept, err := Sweep(ctx, g.settings(), SweepOptions{Source: &g.source})
	if err != nil {
		fault("failed", "%v", err)
	}
	told := ""
	for _, i := range swept.Items {
		told += i.Reason
		if i.Action != SweepRemoved {
			fault("orphan", "%s %s: %s, %s", i.Kind, i.ID.Name(), i.Action, i.Reason)
		}
	}
	for _, r := range there {
		if r.Mechanism == plan.PacketCapture && !g.has(r) {
			i := slices.IndexFunc(swept.Items, func(i SweptItem) bool { return i.ID.Is(r.ID) })
			fault("lost", "capture of %s, removed uncollected; it was %+v, and is %+v", r.Target.Name(), r, swept.Items[max(i, 0)])
		}
	}
	return told
}
