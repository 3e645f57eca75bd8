package ledger

import (
	"time"

	"flowctl/plan"
)

// Entry is what is known of one session: what was intended, and dated facts.
// A fact is added once and stays.
type Entry struct {
	Session plan.Session `json:"session"` // as intended
	Digest  string       `json:"digest"`  // of its settings
	Reused  bool         `json:"reused,omitempty"`
	Shared  bool         `json:"shared,omitempty"` // another run of the investigation started it, and says when it ends
	Since   time.Time    `json:"since,omitzero"`   // of a log of others: from when on it writes what one that was followed did; zero for all of the window

	Accounts []plan.ID `json:"accounts,omitempty"` // of a monitor's: those to which it wrote before, as the file said then

	Intended Intended  `json:"intended"`
	Asked    time.Time `json:"asked,omitzero"`      // the write that creates it was sent
	Created  time.Time `json:"created,omitzero"`    // Azure showed it
	Data     time.Time `json:"first_data,omitzero"` // its data was first seen
	Seen     *Seen     `json:"seen,omitempty"`
	Changes  []Change  `json:"changes,omitempty"`
	Ended    *Ended    `json:"ended,omitempty"`
	Fetched  *Fetched  `json:"fetched,omitempty"`
	Removed  time.Time `json:"removed,omitzero"`
	Failed   *Failed   `json:"failed,omitempty"`
}

// Intended says who wanted the session.
type Intended struct {
	At   time.Time `json:"at,omitzero"`
	By   string    `json:"by,omitempty"`   // user@host
	File string    `json:"file,omitempty"` // the investigation's
}

// Seen is what Resource Manager and the storage account last showed.
type Seen struct {
	At        time.Time       `json:"at"`
	Recording *plan.Recording `json:"recording,omitempty"`
	Bytes     int64           `json:"bytes,omitempty"`
}

// Change is something that others did to a recording.
type Change struct {
	At time.Time `json:"at"` // when it was noticed; of a monitor, since when no record of the log is known
	// Noticed is when a monitor that is looked at now and then came to see it.
	Noticed time.Time `json:"noticed,omitzero"`
	What    What      `json:"what"`
	Text    string    `json:"text,omitempty"`
	// Targets are what the flow logs record that took over.
	Targets []plan.ID `json:"targets,omitempty"`
}

// What others do to a recording.
type What string

// The changes by others.
const (
	Deleted    What = "deleted"
	SwitchedOn What = "switched on"
	Switched   What = "switched off"
	Retargeted What = "target changed"
	Moved      What = "storage account changed"
	Settings   What = "settings changed"
	TakenOver  What = "taken over by another flow log"
	Returned   What = "its records are its own again"
	Unwatched  What = "not watched" // the file of a monitor did not ask for it
	Mended     What = "set back as the file says"
)

// ours reports whether what happened is not what somebody else did to a recording.
func (w What) ours() bool {
	return w == TakenOver || w == Returned || w == Unwatched || w == Mended
}

// Told is what happened, for people.
func (w What) Told() string {
	if w.ours() {
		return string(w)
	}
	return string(w) + " by somebody else"
}

func (c Change) String() string {
	s := c.At.UTC().Format(time.RFC3339) + ": " + c.What.Told()
	if c.Text != "" {
		s += " (" + c.Text + ")"
	}
	if !c.Noticed.IsZero() {
		s += ", noticed " + c.Noticed.UTC().Format(time.RFC3339)
	}
	return s
}

// Ended says when a recording ended, and why, as it was seen.
type Ended struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Fetched says what was brought of a session. The files are in the manifest.
type Fetched struct {
	At     time.Time `json:"at"`
	Files  int       `json:"files"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256,omitempty"` // of the files' hashes, in the order of their paths
}

// Failed says why a session was given up.
type Failed struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Stand is where a session is in its life, as its facts tell.
type Stand string

// The stands, in order; Given up can follow any.
const (
	Planned   Stand = "planned"
	Starting  Stand = "starting"  // the write was sent, and nothing says that it came to be
	Recording Stand = "recording" // Azure showed it
	Over      Stand = "ended"
	Collected Stand = "collected"
	Gone      Stand = "removed"
	GivenUp   Stand = "failed"
)

// Stands lists all, in order.
func Stands() []Stand {
	return []Stand{Planned, Starting, Recording, Over, Collected, Gone, GivenUp}
}

// Stand works out where the session is.
func (e *Entry) Stand() Stand {
	switch {
	case e.Failed != nil:
		return GivenUp
	case !e.Removed.IsZero():
		return Gone
	case e.Fetched != nil:
		return Collected
	case e.Ended != nil:
		return Over
	case !e.Created.IsZero():
		return Recording
	case !e.Asked.IsZero():
		return Starting
	}
	return Planned
}

// Kind is how Next looks at the session.
func (e *Entry) Kind() Kind {
	switch {
	case e.Reused:
		return Reused
	case e.Session.Standing():
		return Permanent
	case e.Session.Mechanism == plan.FlowLog:
		return Log
	}
	return Capture
}

// Reason says why it ended or failed; empty if it did not.
func (e *Entry) Reason() string {
	switch {
	case e.Failed != nil:
		return e.Failed.Reason
	case e.Ended != nil:
		return e.Ended.Reason
	}
	return ""
}

// Recording is how Azure last showed it; nil if it never did.
func (e *Entry) Recording() *plan.Recording {
	if e.Seen == nil {
		return nil
	}
	return e.Seen.Recording
}

// Note adds a change unless the last one of the same sort says the same.
func (e *Entry) Note(c Change) bool {
	for i := len(e.Changes) - 1; i >= 0; i-- {
		if e.Changes[i].What == Mended {
			break
		}
		if last := e.Changes[i]; last.What == c.What || opposite(last.What) == c.What {
			if last.What == c.What && last.Text == c.Text {
				return false
			}
			break
		}
	}
	e.Changes = append(e.Changes[:len(e.Changes):len(e.Changes)], c)
	return true
}

func opposite(w What) What {
	return map[What]What{Switched: SwitchedOn, SwitchedOn: Switched, TakenOver: Returned, Returned: TakenOver}[w]
}

// Clone copies an entry as deep as entries change.
func (e *Entry) Clone() *Entry {
	if e == nil {
		return nil
	}
	c := *e
	c.Changes = append([]Change(nil), e.Changes...)
	return &c
}
