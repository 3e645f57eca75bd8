// Package apply carries a plan out: it starts sessions, waits for their end,
// has collected what they recorded and removes what was made. Everything it
// learns is saved at once, so a run that is killed goes on in the next one.
package apply

import (
	"context"
	"errors"
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
	Poll     time.Duration // between looks at Azure
	Settle   time.Duration // after the end of the window, for the last records to be written
	BlobWait time.Duration // after a capture's end, for its file to appear
	Retries  int           // of a fetch
}

// DefaultLimits fit Azure: records are written within minutes, and a capture
// of a gigabyte takes minutes to upload.
var DefaultLimits = Limits{Poll: 10 * time.Second, Settle: 5 * time.Minute, BlobWait: 20 * time.Minute, Retries: 5}

// Run is one investigation being carried out.
type Run struct {
	Options
	clock  plan.Clock
	folder session.Folder
	files  Collector

	mu       sync.Mutex // guards what follows; sessions run side by side
	run      *state.Run
	manifest session.Manifest

	tracked []*tracked
	kept    []Failure // what nothing asks for and could not be removed
}

// tracked is one session on its way.
type tracked struct {
	change   plan.Change
	provider plan.Provider
	session  plan.Session
	rec      plan.Recording
	reused   bool
	phase    state.Phase
	reason   string
	bytes    int64
	ended    time.Time
	tries    int
	sampled  time.Time
	gone     bool // removed, although it failed
	place    int  // in the manifest
}

// New prepares a run: it finds or makes the run in the state, and its folder.
func New(o Options) (*Run, error) {
	r := &Run{Options: o}
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
	for _, c := range r.Plan.Changes {
		if c.Action == plan.Leave || c.Action == plan.Delete {
			continue
		}
		p := r.Providers[c.Session.Target.Provider]
		if p == nil {
			return fmt.Errorf("session %s: no provider %q", c.Session.Address(), c.Session.Target.Provider)
		}
		t := r.trackedOf(c, p)
		t.place = r.place(t)
		r.tracked = append(r.tracked, t)
	}
	return nil
}

// place puts t into the manifest, where it was if it was there, and returns
// where that is.
func (r *Run) place(t *tracked) int {
	m := &r.manifest
	i := slices.IndexFunc(m.Sessions, func(s session.Session) bool { return s.Print == t.session.Print() })
	if i < 0 {
		i, m.Sessions = len(m.Sessions), append(m.Sessions, session.Session{})
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
	return t
}

// Start removes what is not wanted any more and starts what is.
func (r *Run) Start(ctx context.Context) error {
	if err := r.save(); err != nil {
		return err
	}
	if err := r.folder.WriteInventory(r.Inventory); err != nil {
		return err
	}
	r.removeUnwanted(ctx)
	if err := r.untilDue(ctx); err != nil {
		return err
	}
	groups := map[string][]*tracked{}
	for _, t := range r.tracked {
		if t.phase == state.Planned {
			k := t.session.Watcher.Key()
			groups[k] = append(groups[k], t)
		}
	}
	var wg sync.WaitGroup
	for _, group := range groups { // Azure takes one write a watcher at a time
		wg.Go(func() {
			for _, t := range group {
				r.start(ctx, t)
			}
		})
	}
	wg.Wait()
	return errors.Join(ctx.Err(), r.save())
}

// untilDue waits for the start that the file states.
func (r *Run) untilDue(ctx context.Context) error {
	wait := r.Plan.Investigation.Start.Sub(r.clock.Now())
	if r.Plan.Investigation.Start.IsZero() || wait <= 0 {
		return nil
	}
	r.emit(Event{Kind: Waiting, Text: "until " + r.Plan.Investigation.Start.Format(time.RFC3339)})
	return r.clock.Sleep(ctx, wait)
}

func (r *Run) start(ctx context.Context, t *tracked) {
	if ctx.Err() != nil {
		return
	}
	r.emit(t.event(Starting, ""))
	t.phase = state.Starting
	r.note(t)
	rec, err := t.provider.Start(ctx, t.session)
	switch {
	case errors.Is(err, plan.ErrExists):
		rec, err = t.provider.Status(ctx, plan.Recording{ID: t.session.ResourceID(), Mechanism: t.session.Mechanism})
	case ctx.Err() != nil:
		return // it is found by its name, if it came to be
	}
	if err != nil {
		r.fail(t, err)
		return
	}
	t.rec, t.phase = rec, state.Recording
	r.note(t)
	r.emit(t.event(Started, ""))
}

// removeUnwanted deletes what nothing asks for, and what is to be replaced.
// What cannot be deleted is a failure that stops nothing else.
func (r *Run) removeUnwanted(ctx context.Context) {
	for _, c := range r.Plan.Changes {
		if c.Action != plan.Delete && c.Action != plan.Replace {
			continue
		}
		e := Event{Kind: Removed, Session: c.Recording.ID.Name(), Target: c.Target(), Mechanism: c.Mechanism()}
		if err := r.providerOf(c.Recording.ID).Remove(ctx, *c.Recording); err != nil {
			r.kept = append(r.kept, Failure{Session: c.Recording.ID.Name(), Reason: "remove: " + err.Error(), Left: c.Recording.ID})
			e.Kind, e.Text = Failed, "remove: "+err.Error()
		}
		r.emit(e)
	}
}

func (r *Run) providerOf(id plan.ID) plan.Provider {
	for _, alias := range slices.Sorted(maps.Keys(r.Providers)) {
		if p := r.Providers[alias]; plan.ID("/subscriptions/" + p.Subscription()).Is(plan.ID("/subscriptions/" + id.Subscription())) {
			return p
		}
	}
	return nil
}

func (r *Run) fail(t *tracked, err error) {
	t.phase, t.reason = state.Failed, err.Error()
	r.note(t)
	r.emit(t.event(Failed, t.reason))
}
