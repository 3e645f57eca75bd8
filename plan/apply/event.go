package apply

import (
	"time"

	"flowctl/plan"
)

// Kind is what happened.
type Kind string

// The kinds of event, in the order of a session's life.
const (
	Waiting     Kind = "waiting"
	Starting    Kind = "starting"
	Made        Kind = "made"     // a watcher; it stays
	Installed   Kind = "agent"    // on a machine
	Started     Kind = "started"  // Azure says so
	FirstData   Kind = "data"     // and there is data
	NoData      Kind = "no data"  // for longer than it should take
	Progress    Kind = "progress" // of all sessions at once
	Preliminary Kind = "so far"   // the answer until now
	Changed     Kind = "changed"  // by somebody else
	Ended       Kind = "ended"
	Collecting  Kind = "collecting"
	Collected   Kind = "collected"
	Removed     Kind = "removed"
	Restored    Kind = "restored" // lifecycle rules of a storage account
	Failed      Kind = "failed"
)

// Event is something that people want to see while a run goes on.
type Event struct {
	Of        string         `json:"of"` // name of the investigation
	Kind      Kind           `json:"kind"`
	Time      time.Time      `json:"time"`
	Session   string         `json:"session,omitempty"` // address
	Mechanism plan.Mechanism `json:"mechanism,omitempty"`
	Target    plan.ID        `json:"target,omitempty"`
	Text      string         `json:"text,omitempty"`
	Bytes     int64          `json:"bytes,omitempty"`
	Left      time.Duration  `json:"left,omitempty"` // of the time box, in the provider's time
	Sessions  []Standing     `json:"sessions,omitempty"`
}

// Standing is how one session stands, in a Progress event.
type Standing struct {
	Session   string         `json:"session"`
	Mechanism plan.Mechanism `json:"mechanism"`
	Target    plan.ID        `json:"target"`
	State     string         `json:"state"`
	Bytes     int64          `json:"bytes"` // in storage so far; of a capture only after its end
	Left      time.Duration  `json:"left"`

	ends time.Time
}

func (t *tracked) stands() Standing {
	return Standing{
		Session: t.session.Address(), Mechanism: t.session.Mechanism, Target: t.session.Target.ID,
		State: string(t.stand()), Bytes: t.bytes, ends: t.until(),
	}
}

func (t *tracked) event(k Kind, text string) Event {
	return Event{Kind: k, Session: t.session.Address(), Mechanism: t.session.Mechanism, Target: t.session.Target.ID, Text: text, Bytes: t.bytes}
}

// emit hands e on, with the provider's time.
func (r *Run) emit(e Event) {
	if r.Emit == nil {
		return
	}
	e.Of, e.Time = r.Plan.Investigation.Name, r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Emit(e)
}
