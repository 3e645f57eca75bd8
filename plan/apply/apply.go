// Package apply carries a plan out: it starts sessions, follows them to their
// end, has collected what they recorded and removes what was made. What comes
// next of a session is decided in one place, ledger.Next, from what the ledger
// says, what Resource Manager shows and Azure's time; this package looks, asks
// and does. Everything it learns is saved at once, so a run that is killed goes
// on in the next one.
package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
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
	// Newest returns the time of the newest record that is there, of flow logs,
	// and when it was written; zero if there is none.
	Newest(ctx context.Context, w Want) (record, written time.Time, err error)
}

// Options are what a run needs besides its plan.
type Options struct {
	Plan      plan.Plan
	Providers map[string]plan.Provider // by alias
	State     *ledger.Keeper
	Results   func(ends time.Time) string // folder of the run that ends then
	Inventory []*plan.Inventory
	Accounts  []plan.ID // that the file writes to
	Captures  []string  // aliases of the providers through which the file captures packets
	Collector func(session.Folder) Collector
	Emit      func(Event)
	Answers   SoFar // nil if nobody wants to know before the end
	Limits    Limits

	// Exceeded says which limit of the file was reached with what the sessions have
	// recorded, in bytes by fingerprint; nil if there is no limit.
	Exceeded func(recorded map[string]int64, elapsed time.Duration) string

	File       string // the investigation is from, for the ledger
	Approved   string // fingerprint of what was approved
	Unattended bool   // nobody sees the plan: only what was approved before is started
	Continue   bool   // and of files that changed since, nothing is
	Again      bool   // what is finished is recorded anew
	Step       bool   // do what is due and return, instead of waiting
	Look       bool   // only look: what is not there is not followed
	Beside     bool   // keep the run beside its data too: the ledger is of this machine
}

// Limits are how long the stages of a session may take.
type Limits struct {
	Poll     time.Duration // between looks at Azure, at least
	Proof    time.Duration // after a session's start, for its first data to be seen
	Settle   time.Duration // after a flow log's end, for its last records to be written
	Late     time.Duration // after a flow log's end, for records that come late, at most
	BlobWait time.Duration // after a capture's end, for its file to appear
	Retries  int           // of what may pass
}

// DefaultLimits fit Azure: records are written within minutes, and a capture
// of a gigabyte takes minutes to upload.
var DefaultLimits = Limits{Poll: 10 * time.Second, Proof: 10 * time.Minute, Settle: 5 * time.Minute, Late: 45 * time.Minute, BlobWait: 20 * time.Minute, Retries: 5}

// Run is one investigation being carried out.
type Run struct {
	Options
	clock  plan.Clock
	began  time.Time // this process
	folder session.Folder
	files  Collector
	azure  *survey

	tracked    []*tracked
	unapproved []plan.Change // that are not started, since nobody approved them
	kept       []Failure     // what should be gone and could not be removed
	shown      time.Time     // when progress was last shown

	saving sync.Mutex // one save at a time; guards what follows
	beside plan.Store // where the run is kept beside its data
	alone  bool       // it cannot be

	besideAt time.Time // when it was stored last

	mu sync.Mutex // guards what follows; sessions run side by side

	joining   []*tracked // what came to be read since, to be taken up between steps
	together  alignment
	run       *ledger.Run
	manifest  session.Manifest // without artifacts
	earlier   []plan.Finding   // of the plans before
	artifacts artifacts
	noted     int // changes so far
	saved     int // of them, those that are saved
	flushed   time.Time
	ready     map[string]error // what was made for several sessions, such as a watcher; by what it is
	watchers  map[string]plan.Watcher
}

// New prepares a run: it finds or makes the run in the ledger, and its folder.
func New(o Options) (*Run, error) {
	r := &Run{Options: o, ready: map[string]error{}, watchers: map[string]plan.Watcher{}}
	for _, alias := range slices.Sorted(maps.Keys(o.Providers)) {
		r.clock = o.Providers[alias].Clock()
		break
	}
	r.azure, r.began = newSurvey(r), r.clock.Now()
	r.run = r.findRun()
	var err error
	if r.folder, err = session.Create(r.run.Results); err != nil {
		return nil, err
	}
	if r.manifest, err = r.folder.Manifest(); err != nil {
		return nil, err
	}
	r.artifacts, r.manifest.Artifacts = artifactsOf(r.manifest.Artifacts), nil
	r.earlier = slices.DeleteFunc(r.manifest.Findings, func(f plan.Finding) bool {
		return f.Code == plan.NoData || f.Code == plan.NotFetched || f.Code == plan.RecordingChanged
	})
	r.files = o.Collector(r.folder)
	err = r.track()
	if !r.Continue {
		r.run.Approved = r.Approved // the file as it is by now; what it selects later is new
	}
	r.align()
	return r, err
}

// Folder is where the results lie.
func (r *Run) Folder() session.Folder { return r.folder }

// Ledger is what is remembered of the run.
func (r *Run) Ledger() *ledger.Run { return r.run.Clone() }

// Window is the time that the run is about.
func (r *Run) Window() (start, end time.Time) { return r.run.Started, r.run.Ends }

// Unapproved says what an unattended run leaves to a person.
func (r *Run) Unapproved() []plan.Finding {
	var out []plan.Finding
	for _, c := range r.unapproved {
		out = append(out, plan.Finding{
			Code: plan.NotApproved, Severity: plan.Warning, Summary: "Not approved", Watch: c.Session.Watches[0], Target: c.Target(),
			Detail: fmt.Sprintf("%s selects %s since the plan was approved. It is not started unattended; flowctl apply without --detach starts it.", c.Session.Watches[0], c.Target().Name()),
		})
	}
	return out
}

// findRun returns the run that goes on: the ledger's, or the one that the
// deadlines in Azure tell of, or a new one.
func (r *Run) findRun() *ledger.Run {
	inv := r.Plan.Investigation
	old := r.State.Run(inv.Name)
	if old != nil && old.Finished.IsZero() {
		if approved := !r.Continue || old.Approved == r.Approved; r.Plan.Removed && !old.Stopped && approved {
			old.Stopped, old.Ends = true, r.clock.Now().UTC().Truncate(time.Second)
		}
		old.Started, old.Ends = old.Window(inv)
		old.Stand(inv, r.File)
		if !r.Unattended {
			old.Approved = r.Approved
		}
		return old
	}
	if old != nil && r.Unattended && !inv.Standing() && !r.Again && (r.Continue || old.Approved == r.Approved) {
		return old // what the same file selects since waits for a person: the answer stays that of the run
	}
	run := &ledger.Run{Owner: inv.Owner, Approved: r.Approved, Sessions: map[string]*ledger.Entry{}}
	if old != nil && r.Unattended && !inv.Standing() {
		run.Approved = old.Approved // until track has compared
	}
	run.Started, run.Ends = inv.TimeBox(r.clock.Now())
	if ends := Deadline(r.Plan); inv.Standing() {
		run.Started = r.since(run.Started)
	} else if !ends.IsZero() {
		run.Started, run.Ends = ends.Add(-inv.Window), ends
	}
	run.Results = r.Results(run.Ends)
	run.Stand(inv, r.File)
	switch {
	case old == nil:
	case inv.Standing():
		run.Periods = old.Periods
	default:
		keepCollected(run, old)
	}
	return run
}

func keepCollected(run, old *ledger.Run) {
	for print, e := range old.Sessions {
		if s := e.Stand(); s == ledger.Gone || s == ledger.Collected {
			run.Sessions[print] = e
		}
	}
}

// Deadline is when the plan's recordings that are there end, as they say
// themselves; zero if there are none. Tags say so better than names: they can
// change.
func Deadline(p plan.Plan) time.Time {
	var byName, byTag time.Time
	for _, c := range p.Changes {
		if c.Action != plan.Keep && c.Action != plan.Finish || c.Session.Deadline.IsZero() {
			continue
		}
		if c.Recording != nil && c.Recording.Tags[plan.TagExpires] != "" {
			byTag = later(byTag, c.Session.Deadline)
		}
		byName = later(byName, c.Session.Deadline)
	}
	if !byTag.IsZero() {
		return byTag
	}
	return byName
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// track makes a session of each change that one has to be looked after for.
func (r *Run) track() error {
	for _, c := range r.Plan.Changes {
		if c.Action == plan.Create && !r.Look {
			r.setAside(c.Session.Fingerprint(), "")
		}
	}
	places := map[string]int{} // in the manifest, by print
	for i, s := range r.manifest.Sessions {
		places[s.Fingerprint] = i
	}
	names := map[string]string{} // key in the ledger, by name of the recording
	for key, e := range r.run.Sessions {
		if !e.Reused {
			names[e.Session.Name] = key
		}
	}
	begun := len(r.run.Sessions) > 0
	for _, c := range r.Plan.Changes {
		if c.Action == plan.Leave || r.Look && c.Action == plan.Create || begun && r.waitsForApproval(c) {
			continue
		}
		var old *tracked
		if c.Recording != nil && c.Action != plan.Reuse {
			t, err := r.existing(c, names)
			if err != nil {
				return err
			}
			r.put(t, places)
			old = t
		}
		if c.Action == plan.Create || c.Action == plan.Reuse || c.Action == plan.Replace {
			t, err := r.fresh(c, old)
			if err != nil {
				return err
			}
			r.put(t, places)
		}
	}
	return nil
}

// waitsForApproval reports whether nobody has approved what a change would
// start: an unattended run goes on with what it began, and the same file may
// select more by now.
func (r *Run) waitsForApproval(c plan.Change) bool {
	edited := r.run.Approved != r.Approved
	fresh := c.Action == plan.Create || c.Action == plan.Replace
	if r.Continue && edited {
		fresh = fresh || c.Action == plan.Update || c.Action == plan.Delete
	} else if edited {
		fresh = false
	}
	if !r.Unattended || !fresh {
		return false
	}
	if e := r.run.Sessions[c.Session.Fingerprint()]; e != nil && e.Digest == c.Session.Digest() && c.Action != plan.Delete && !(r.Continue && e.Ended != nil) {
		return false
	}
	r.unapproved = append(r.unapproved, c)
	return true
}

// put adds t to the run and to the manifest, where it was if it was there.
func (r *Run) put(t *tracked, places map[string]int) {
	i, ok := places[t.key]
	if !ok {
		i, r.manifest.Sessions = len(r.manifest.Sessions), append(r.manifest.Sessions, session.Session{})
		places[t.key] = i
	}
	t.place = i
	r.manifest.Sessions[i] = r.session(t)
	t.standing = t.stands()
	r.tracked = append(r.tracked, t)
}

// foundInAzure stands for who intended a session that no ledger knows.
const foundInAzure = "found in Azure"

// existing is the session of what is there, or was. Of one that is replaced or
// no longer asked for, the time ends now.
func (r *Run) existing(c plan.Change, names map[string]string) (*tracked, error) {
	s := plan.SessionOf(*c.Recording)
	if c.Action != plan.Replace {
		s = *c.Session
	}
	key, known := names[c.Recording.ID.Name()]
	e := r.run.Sessions[key].Clone()
	switch {
	case !known:
		e = &ledger.Entry{Session: s, Digest: s.Digest(), Intended: ledger.Intended{At: r.clock.Now(), By: foundInAzure}}
	case c.Action == plan.Replace, r.Look:
		s = e.Session
	}
	delete(r.run.Sessions, key)
	t := &tracked{change: c, session: s, entry: e, rec: *c.Recording, ends: r.run.Ends, key: s.Fingerprint()}
	if known {
		t.since, t.bytes = e.Created, bytesOf(e)
	} else {
		t.since = r.run.Started
	}
	switch c.Action {
	case plan.Replace:
		t.key += "@" + c.Recording.ID.Name()
		t.drop = "its settings changed in the file"
	case plan.Delete:
		t.drop = "the file asks for it no more"
	case plan.Finish:
		if r.standing() {
			t.drop = "it is not in Azure any more"
		}
	case plan.Update:
		if r.Look {
			break
		}
		s = r.tagged(s)
		if was := e.Session.Storage; known && was != "" && !was.Is(s.Storage) && !slices.ContainsFunc(e.Accounts, was.Is) {
			e.Accounts = append(slices.Clone(e.Accounts), was)
		}
		t.session, t.mends = s, true
	}
	if now := r.clock.Now(); t.drop != "" && now.Before(t.ends) {
		t.ends = now
	}
	e.Session = s
	r.run.Sessions[t.key] = e.Clone()
	return t, r.provide(t)
}

// fresh is a session that has to be started, or a log of somebody else's.
func (r *Run) fresh(c plan.Change, after *tracked) (*tracked, error) {
	s := *c.Session
	inv := r.Plan.Investigation
	reused, key, mends := c.Action == plan.Reuse, s.Fingerprint(), false
	if reused {
		s.Name, key = c.Recording.ID.Name(), r.keyFor(c)
	} else {
		s.Deadline = r.run.Ends
		s.Name = plan.Name{Investigation: inv.Name, Deadline: r.run.Ends, Mark: inv.Mark(), Fingerprint: s.Fingerprint()}.String()
		s = r.tagged(s)
	}
	e := r.run.Sessions[key].Clone()
	if e != nil && r.standing() && !e.Reused && !e.Created.IsZero() {
		e.Reopen()
		mends = true
	}
	if e == nil || e.Failed != nil || e.Reused != reused || !reused && e.Session.Name != s.Name {
		e = &ledger.Entry{Intended: ledger.Intended{At: r.clock.Now(), By: ledger.Who(), File: r.File}}
		if reused && r.tookOver(c) {
			e.Created = r.clock.Now()
			e.Since, e.Seen = e.Created.Truncate(minute), &ledger.Seen{At: e.Created, Recording: c.Recording}
		}
	}
	e.Session, e.Digest, e.Reused = s, s.Digest(), reused
	t := &tracked{change: c, session: s, entry: e, ends: r.run.Ends, key: key, after: after, since: e.Created, mends: mends}
	if reused {
		t.rec = *c.Recording
		t.session.Within = c.Session.Within
	}
	r.run.Sessions[t.key] = e.Clone()
	return t, r.provide(t)
}

// tagged is s with the tags that say in Azure what a flow log is for.
func (r *Run) tagged(s plan.Session) plan.Session {
	inv := r.Plan.Investigation
	if s.Mechanism != plan.FlowLog {
		return s
	}
	s.Tags = maps.Clone(s.Tags)
	if s.Tags == nil {
		s.Tags = map[string]string{}
	}
	s.Tags[plan.TagWatch], s.Tags[plan.TagExpires] = s.Watches[0], s.Deadline.UTC().Format(time.RFC3339)
	if s.Standing() {
		s.Tags[plan.TagExpires], s.Tags[plan.TagSince] = plan.Never, r.run.Started.UTC().Format(time.RFC3339)
	}
	if s.FlowLog.RetentionDays > 0 {
		s.Tags[plan.TagUndo] = "lifecycle"
	}
	for key, value := range map[string]string{plan.TagInvestigation: inv.Name, plan.TagOwner: inv.Owner, plan.TagTicket: inv.Ticket} {
		if value != "" {
			s.Tags[key] = value
		}
	}
	return s
}

// provide gives t the provider of its target, or of its watcher's subscription
// where the target has none any more.
func (r *Run) provide(t *tracked) error {
	t.provider = r.Providers[t.session.Target.Provider]
	if t.provider == nil && t.session.Target.Provider == "" {
		t.session.Target.Provider, t.provider = providerOf(r.Providers, t.session.Watcher)
	}
	if t.provider == nil {
		return fmt.Errorf("session %s: no provider %q", t.session.Address(), t.session.Target.Provider)
	}
	t.watcher = t.session.Watcher.Key()
	return nil
}

func bytesOf(e *ledger.Entry) int64 {
	if e.Fetched != nil {
		return e.Fetched.Bytes
	}
	return 0
}
