package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/plan/session"
	"flowctl/providers"
	"flowctl/providers/sandbox"
)

// The gates carry out investigations on a sandbox of their own, in its time, and
// look at what is there afterwards. What they have in common is here.

// stage is one folder with a sandbox.
type stage struct {
	dir    string // of what flowctl keeps
	azure  string // of the sandbox; empty: below dir
	world  string // path of the sandbox's world; empty: the built-in one
	source Source
	watch  *watchman                                   // nil if nobody watches
	around func(policy.Transporter) policy.Transporter // before the watchman; nil for nothing
}

func (g stage) settings() Settings {
	zero := 0.0
	return Settings{Dir: g.dir, Version: "test", Log: slog.New(slog.DiscardHandler), Open: func(p config.Provider, _ providers.Env) (plan.Provider, error) {
		dir := g.azure
		if dir == "" {
			dir = filepath.Join(g.dir, p.Alias)
		}
		box, err := sandbox.Open(sandbox.Options{Dir: dir, Clock: &zero, WorldPath: g.world, Around: g.way})
		if err != nil {
			return nil, err
		}
		g.watch.tells(box.Clock())
		return box.Provider()
	}}
}

// way is what stands between a provider and its sandbox.
func (g stage) way(inner policy.Transporter) policy.Transporter {
	if g.watch != nil {
		inner = g.watch.around(inner)
	}
	if g.around != nil {
		inner = g.around(inner)
	}
	return inner
}

// apply returns what failed, as people would read it.
func (g stage) apply(ctx context.Context, o ApplyOptions) (failed []string, done bool, err error) {
	if o.Approve == nil {
		o.Approve = func(plans []plan.Plan, _ bool) error { return Blocked(plans) }
	}
	done = true
	err = Locked(ctx, g.settings(), g.source, "apply", func(op *Operation) error {
		results, err := op.Apply(ctx, o)
		defer CloseAll(results)
		for _, r := range results {
			done = done && r.Done
			for _, f := range r.Failures {
				failed = append(failed, f.Session+": "+f.Reason)
			}
		}
		return err
	})
	return failed, done, err
}

func (g stage) destroy(ctx context.Context) error {
	return Locked(ctx, g.settings(), g.source, "destroy", func(op *Operation) error {
		_, err := op.Destroy(ctx, func(string, []Doomed) error { return nil })
		return err
	})
}

func (g stage) open(ctx context.Context) (*Operation, error) {
	return Open(ctx, g.settings(), g.source)
}

// recorded are the recordings of flowctl that are in Azure.
func (g stage) recorded(ctx context.Context) ([]plan.Recording, error) {
	op, err := g.open(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(op.allRecordings(), func(r plan.Recording) bool {
		_, ok := plan.ParseName(r.ID.Name())
		return !ok
	}), nil
}

// remains says what of flowctl is in Azure.
func (g stage) remains(ctx context.Context) ([]string, error) {
	op, err := g.open(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, alias := range op.aliases() {
		for _, r := range op.recordings[alias] {
			if _, ok := plan.ParseName(r.ID.Name()); ok {
				out = append(out, string(r.Mechanism)+" "+r.ID.Name())
			}
		}
		agents, err := op.providers[alias].Agents(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range agents {
			out = append(out, "agent of "+a.Machine.ID.Name())
		}
		for _, a := range op.inventories[alias].Accounts {
			l, err := op.providers[alias].Lifecycle(ctx, a.ID)
			if err != nil && !errors.Is(err, plan.ErrNotFound) {
				return nil, err
			}
			for _, rule := range l.Rules {
				out = append(out, "lifecycle rule "+rule.Name+" of "+a.ID.Name())
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// fetched are the captures in the results of all investigations.
func (g stage) fetched() []session.Artifact {
	var out []session.Artifact
	runs, _ := filepath.Glob(filepath.Join(g.dir, "results", "*", "*"))
	for _, dir := range runs {
		m, err := session.Folder{Path: dir}.Manifest()
		if err != nil {
			continue
		}
		for _, a := range m.Artifacts {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(a.Path))); err == nil && a.Kind == plan.PacketCapture {
				out = append(out, a)
			}
		}
	}
	return out
}

// has reports whether something of the recording is in the results.
func (g stage) has(r plan.Recording) bool {
	want, _ := plan.ParseName(r.ID.Name())
	return slices.ContainsFunc(g.fetched(), func(a session.Artifact) bool {
		n, _ := plan.ParseName(a.Session)
		return n.Fingerprint == want.Fingerprint
	})
}

// watchman stands on the way of the requests and sees what must never happen:
// something is started at or after its end, twice at the same time, or removed
// though it is not flowctl's.
type watchman struct {
	mu    sync.Mutex
	clock plan.Clock
	alive map[string]string   // name of the recording, by whose it is and its print
	made  map[string][]string // names that were given, by the same
	bad   []string

	doubled map[string]double // by what is said of it
}

func newWatchman(there []plan.Recording) *watchman {
	w := &watchman{alive: map[string]string{}, made: map[string][]string{}, doubled: map[string]double{}}
	for _, r := range there {
		if n, ok := plan.ParseName(r.ID.Name()); ok {
			w.alive[n.Mark+n.Fingerprint] = r.ID.Name()
		}
	}
	return w
}

// tells gives the watchman the time of the sandbox.
func (w *watchman) tells(c plan.Clock) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = c
}

// around puts the watchman on the way of a provider. Several can have the same.
func (w *watchman) around(inner policy.Transporter) policy.Transporter {
	return transportFunc(func(req *http.Request) (*http.Response, error) {
		w.mu.Lock()
		at := w.clock.Now()
		w.mu.Unlock()
		off := switchesOff(req)
		resp, err := inner.Do(req)
		if err == nil && resp.StatusCode < 300 && !off {
			w.see(req, at)
		}
		return resp, err
	})
}

// switchesOff reports whether a request ends a flow log: that is a write too, and
// the first that succeeds where the answer to the one that started it was lost.
func switchesOff(req *http.Request) bool {
	body, ok := req.Body.(io.ReadSeeker)
	if req.Method != http.MethodPut || !ok {
		return false
	}
	var doc struct {
		Properties struct{ Enabled *bool }
	}
	err := json.NewDecoder(body).Decode(&doc)
	_, seekErr := body.Seek(0, io.SeekStart)
	on := doc.Properties.Enabled
	return err == nil && seekErr == nil && on != nil && !*on
}

type transportFunc func(*http.Request) (*http.Response, error)

// Do sends one request.
func (f transportFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

func (w *watchman) see(req *http.Request, at time.Time) {
	id := plan.ID(req.URL.Path)
	kind := strings.ToLower(id.Type())
	if kind != "microsoft.network/networkwatchers/flowlogs" && kind != "microsoft.network/networkwatchers/packetcaptures" {
		return
	}
	n, ok := plan.ParseName(id.Name())
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case req.Method == http.MethodPut && ok:
		w.put(id.Name(), n, at)
	case req.Method == http.MethodDelete && !ok:
		w.bad = append(w.bad, "foreign removed: "+id.Name())
	case req.Method == http.MethodDelete:
		w.deleted(id.Name(), n, at)
	}
}

// withdrawn is how soon one of two has to go that machines which know nothing of
// each other have started at the same time.
const withdrawn = time.Minute

func (w *watchman) deleted(name string, n plan.Name, at time.Time) {
	key := n.Mark + n.Fingerprint
	if w.alive[key] == name {
		delete(w.alive, key)
	}
	w.bad = slices.DeleteFunc(w.bad, func(fault string) bool {
		d, ok := w.doubled[fault]
		if ok && d.one == name && at.Sub(d.at) < withdrawn {
			w.alive[key] = d.other
			return true
		}
		if ok && d.other == name && at.Sub(d.at) < withdrawn {
			w.alive[key] = d.one
			return true
		}
		return false
	})
}

// double is that something was started beside something.
type double struct {
	one, other string
	at         time.Time
}

func (w *watchman) put(name string, n plan.Name, at time.Time) {
	key := n.Mark + n.Fingerprint
	switch other := w.alive[key]; {
	case other == name: // a write of one that is there, such as switching it off
		return
	case other != "":
		fault := "double: " + name + " beside " + other
		w.bad = append(w.bad, fault)
		w.doubled[fault] = double{name, other, at}
	}
	if !at.Before(n.Deadline) {
		w.bad = append(w.bad, "started after its end: "+name+" at "+at.UTC().Format("15:04:05"))
	}
	w.alive[key] = name
	if !slices.Contains(w.made[key], name) {
		w.made[key] = append(w.made[key], name)
	}
}

// again lists what was given a second name after before: it was recorded twice.
func (w *watchman) again(before map[string][]string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for print, names := range w.made {
		if all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(before[print], names)))); len(all) > 1 {
			out = append(out, "double: recorded again as "+strings.Join(all, ", "))
		}
	}
	return out
}

func (w *watchman) faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.bad)
}

// copyFolder copies what is there; what is about to be renamed may go meanwhile.
// Paths of the folder in what is remembered become those of the copy.
func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if filepath.Ext(name) == ".json" {
			b = bytes.ReplaceAll(b, []byte(from+"/"), []byte(to+"/"))
		}
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), b, 0o600))
	})
}

// losses are what is gone when somebody goes on after a kill.
var losses = []struct {
	name string
	lose func(dir string) error
}{
	{"all kept", func(string) error { return nil }},
	{"state lost", func(dir string) error { return loseAll(dir, "state.json*") }},
	{"state and results lost", func(dir string) error { return loseAll(dir, "state.json*", "results") }},
}

func loseAll(dir string, patterns ...string) error {
	for _, p := range patterns {
		names, err := filepath.Glob(filepath.Join(dir, p))
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := os.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// afterRequests does something when so many requests were sent.
func afterRequests(n int64, do func()) func(policy.Transporter) policy.Transporter {
	var sent atomic.Int64
	return func(inner policy.Transporter) policy.Transporter {
		return transportFunc(func(req *http.Request) (*http.Response, error) {
			if sent.Add(1) == n {
				do()
			}
			return inner.Do(req)
		})
	}
}
