// Package apply carries a plan out: it starts sessions, waits for their end,
// has collected what they recorded and removes what was made. Everything it
// learns is saved at once, so a run that is killed goes on in the next one.
package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/session"
	"flowctl/plan/state"
)

// Want is what a collector is asked to bring: what one session recorded
// between Start and End.
type Want struct {
	Session    plan.Session
	Recording  plan.Recording
	Start, End time.Time
	Have       []session.Artifact
}

// Collector brings what sessions recorded into the results folder.
type Collector interface {
	// Collect brings what is there and not yet in the folder. It wraps
	// plan.ErrNotFound while there is nothing.
	Collect(ctx context.Context, w Want) ([]session.Artifact, error)
	// Measure returns how many bytes are there.
	Measure(ctx context.Context, w Want) (int64, error)
}

// Options are what a run needs beside its plan.
type Options struct {
	Plan      plan.Plan
	Providers map[string]plan.Provider // by alias
	State     *state.Keeper
	Results   func(ends time.Time) string // folder of the run that ends then
	Inventory []*plan.Inventory
	Collector func(session.Folder) Collector
	Emit      func(Event)
	Limits    Limits
}

// Limits are how long the stages of a session may take.
type Limits struct {
	Poll     time.Duration // between looks at Azure, at least
	Proof    time.Duration // after a session's start, for its first data to be seen
	Settle   time.Duration // after the end of the window, for the last records to be written
	BlobWait time.Duration // after a capture's end, for its file to appear
	Retries  int           // of a fetch
}

// DefaultLimits fit Azure: records are written within minutes, and a capture
// of a gigabyte takes minutes to upload.
var DefaultLimits = Limits{Poll: 10 * time.Second, Proof: 10 * time.Minute, Settle: 5 * time.Minute, BlobWait: 20 * time.Minute, Retries: 5}

// Run is one investigation being carried out.
type Run struct {
	Options
	clock  plan.Clock
	folder session.Folder
	files  Collector

	tracked []*tracked
	kept    []Failure // what should be gone and could not be removed
	shown   time.Time // when progress was last shown

	saving sync.Mutex // one save at a time
	mu     sync.Mutex // guards what follows; sessions run side by side

	run       *state.Run
	manifest  session.Manifest // without artifacts
	artifacts artifacts
	noted     int // changes so far
	saved     int // of them, those that are saved
	flushed   time.Time
	ready     map[string]error // what was made for several sessions, such as a watcher; by what it is
	watchers  map[string]plan.Watcher
}

// tracked is one session on its way. While a step of it is under way only that
// step touches it, but for what the run's mutex guards.
type tracked struct {
	change   plan.Change
	provider plan.Provider
	session  plan.Session
	rec      plan.Recording
	reused   bool
	phase    state.Phase
	reason   string
	bytes    int64
	since    time.Time // when it was started
	data     time.Time // when data of it was first seen
	silent   bool      // it was said that there is none
	empty    bool      // it ended without any
	ended    time.Time
	tries    int
	looks    int  // since the last that told something new
	agent    bool // its machine has the agent
	gone     bool // removed, although it failed
	place    int  // in the manifest

	next     time.Time // when its next step is due
	busy     bool      // a step is under way
	at       string    // the lane in which it is
	passed   bool      // it was where it should be before
	watcher  string    // its key
	standing Standing  // as people see it; guarded by the run's mutex
}

// New prepares a run: it finds or makes the run in the state, and its folder.
func New(o Options) (*Run, error) {
	r := &Run{Options: o, ready: map[string]error{}, watchers: map[string]plan.Watcher{}}
	for _, alias := range slices.Sorted(maps.Keys(o.Providers)) {
		r.clock = o.Providers[alias].Clock()
		break
	}
	r.run = r.findRun()
	var err error
	if r.folder, err = session.Create(r.run.Results); err != nil {
		return nil, err
	}
	if r.manifest, err = r.folder.Manifest(); err != nil {
		return nil, err
	}
	r.artifacts, r.manifest.Artifacts = artifactsOf(r.manifest.Artifacts), nil
	r.files = o.Collector(r.folder)
	return r, r.track()
}

// Folder is where the results lie.
func (r *Run) Folder() session.Folder { return r.folder }

// Window is the time that the run is about.
func (r *Run) Window() (start, end time.Time) { return r.run.Started, r.run.Ends }

// findRun returns the run that goes on: the state's, or the one that the
// deadlines in Azure tell of, or a new one.
func (r *Run) findRun() *state.Run {
	old := r.State.Run(r.Plan.Investigation.Name)
	if old != nil && old.Finished.IsZero() {
		return old
	}
	ends := Ends(r.asOf(r.clock.Now()))
	run := &state.Run{Started: ends.Add(-r.Plan.Investigation.Window), Ends: ends, Results: r.Results(ends), Sessions: map[string]*state.Session{}}
	if old != nil {
		keepCollected(run, old)
	}
	return run
}

// asOf is the plan with its time box moved to now, unless the file says when
// it is: people take their time to confirm.
func (r *Run) asOf(now time.Time) plan.Plan {
	p := r.Plan
	if p.Investigation.End.IsZero() && now.After(p.Made) {
		p.Ends = p.Ends.Add(now.Sub(p.Made))
	}
	return p
}

func keepCollected(run, old *state.Run) {
	for print, s := range old.Sessions {
		if s.Phase == state.Removed || s.Phase == state.Collected {
			run.Sessions[print] = s
		}
	}
}

// Ends is when the plan's time box ends: when what is there already says, or
// as planned.
func Ends(p plan.Plan) time.Time {
	var ends time.Time
	for _, c := range p.Changes {
		if c.Action == plan.Keep || c.Action == plan.Finish {
			if c.Session.Deadline.After(ends) {
				ends = c.Session.Deadline
			}
		}
	}
	if ends.IsZero() {
		return p.Ends.Truncate(time.Second)
	}
	return ends
}

func (r *Run) track() error {
	places := map[string]int{} // in the manifest, by print
	for i, s := range r.manifest.Sessions {
		places[s.Print] = i
	}
	for _, c := range r.Plan.Changes {
		if c.Action == plan.Leave || c.Action == plan.Delete {
			continue
		}
		p := r.Providers[c.Session.Target.Provider]
		if p == nil {
			return fmt.Errorf("session %s: no provider %q", c.Session.Address(), c.Session.Target.Provider)
		}
		t := r.trackedOf(c, p)
		t.place = r.place(t, places)
		t.standing = t.stands(r.run.Ends)
		r.tracked = append(r.tracked, t)
	}
	return nil
}

// place puts t into the manifest, where it was if it was there, and returns
// where that is.
func (r *Run) place(t *tracked, places map[string]int) int {
	m, print := &r.manifest, t.session.Print()
	i, ok := places[print]
	if !ok {
		i, m.Sessions = len(m.Sessions), append(m.Sessions, session.Session{})
		places[print] = i
	}
	m.Sessions[i] = t.describe()
	return i
}

func (r *Run) trackedOf(c plan.Change, p plan.Provider) *tracked {
	t := &tracked{change: c, provider: p, session: *c.Session, phase: state.Planned, reused: c.Action == plan.Reuse}
	if c.Recording != nil {
		t.rec = *c.Recording
	}
	switch c.Action {
	case plan.Create, plan.Replace:
		t.session.Deadline = r.run.Ends
		t.session.Name = plan.Name{Investigation: r.Plan.Investigation.Name, Deadline: r.run.Ends, Print: t.session.Print()}.String()
	case plan.Reuse:
		t.session.Name = c.Recording.ID.Name()
		t.phase = state.Recording
	default:
		t.phase = state.Recording
	}
	t.watcher = t.session.Watcher.Key()
	r.remember(t)
	return t
}

// remember takes what an earlier run knew of a session that goes on.
func (r *Run) remember(t *tracked) {
	if t.phase != state.Recording {
		return
	}
	t.since = r.run.Started
	if old := r.run.Sessions[t.session.Print()]; old != nil {
		t.data = old.FirstData
		if !old.Started.IsZero() {
			t.since = old.Started
		}
	}
}
