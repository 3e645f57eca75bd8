package apply

import (
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// tracked is one session on its way. While a step of it is under way only that
// step touches it, but for what the run's mutex guards.
type tracked struct {
	change   plan.Change
	provider plan.Provider
	session  plan.Session
	key      string        // in the ledger and the manifest
	entry    *ledger.Entry // its facts; the run's ledger has a copy
	rec      plan.Recording
	ends     time.Time // of its time: the run's end, or earlier
	drop     string    // why it is earlier
	after    *tracked  // what has to be gone before this one starts

	bytes   int64
	since   time.Time     // when it was started
	silent  bool          // it was said that there is no data
	newest  time.Time     // minute of the newest record that is there, of flow logs
	late    time.Duration // how long after its minute a record came, at most
	looked  bool          // at what is there, in this process
	awaited bool          // it was said that late records are awaited
	empty   bool          // it ended without any
	tries   int
	stops   int // attempts to stop it
	looks   int // since the last that told something new

	unread     int   // looks in a row that told nothing
	unreadable error // the last one's

	mends   bool // it is to be set back as the file says
	unmoved bool // its new end could not be noted in Azure
	stuck   bool // it cannot be stopped
	agent   bool // its machine has the agent
	done    bool // nothing more is to be done in this run
	stepped bool // in this run
	problem string
	left    bool // it is still in Azure because of the problem
	gone    bool // its target is not in Azure any more

	place    int // in the manifest
	next     time.Time
	busy     bool     // a step is under way
	at       string   // the queue in which it is
	passed   bool     // it was where it should be before
	watcher  string   // its key
	standing Standing // as people see it; guarded by the run's mutex
	wanted   Want     // what it has recorded then; likewise
}

func (t *tracked) stand() ledger.Stand { return t.entry.Stand() }

// isLog reports whether t is a flow log, whoever made it.
func (t *tracked) isLog() bool { return t.session.Mechanism == plan.FlowLog }

// settle is how long after the end the last data may still be written.
func (r *Run) settle(t *tracked) time.Duration {
	if t.isLog() {
		return r.settleLog(t)
	}
	return 0
}

// when says how now lies to the time of t.
func (r *Run) when(t *tracked) ledger.When {
	end := t.ends
	if t.entry.Ended != nil {
		end = t.entry.Ended.At
	}
	return ledger.At(r.clock.Now(), r.Plan.Investigation.Start, end, r.settle(t))
}

// settled is when the last data of t is written.
func (r *Run) settled(t *tracked) time.Time {
	if t.entry.Ended != nil {
		return t.entry.Ended.At.Add(r.settle(t))
	}
	return t.ends.Add(r.settle(t))
}

// until is when a session ends at the latest.
func (t *tracked) until() time.Time {
	if t.session.Capture != nil && !t.rec.Started.IsZero() {
		if own := t.rec.Started.Add(t.session.Capture.Duration); own.Before(t.ends) {
			return own
		}
	}
	return t.ends
}
