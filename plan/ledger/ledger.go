// Package ledger is what flowctl must remember of the sessions it started:
// dated facts, the one function that decides from them what comes next, and
// where they are kept.
//
// Decision record. A state file, a manifest and Azure's provisioning state
// were three truths, and every case that lost data was a contradiction between
// two of them. The ledger holds only what was done or seen, with its time;
// where a session stands is worked out from that (Entry.Stand), and what to do
// about it from that, what Resource Manager shows, and Azure's time (Next).
// Next is a table of rules rather than code: it is tested over all
// combinations, and drawn into the documentation.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"flowctl/plan"
)

// Format is the number of the ledger's form. One with a higher number was
// written by a later flowctl and is refused.
const Format = 2

// Ledger is all that is remembered, by investigation.
type Ledger struct {
	Format  int             `json:"format"`
	Lineage string          `json:"lineage"` // of all ledgers that follow from one first
	Serial  int             `json:"serial"`
	Runs    map[string]*Run `json:"runs"`
	Trail   []Act           `json:"trail,omitempty"` // what commands did, the latest last
}

// Run is one time box of one investigation.
type Run struct {
	Started  time.Time         `json:"started"`
	Ends     time.Time         `json:"ends"`
	Stopped  bool              `json:"stopped,omitempty"`  // ended early, by hand or by a limit of the file
	Limit    string            `json:"limit,omitempty"`    // that ended it; empty if a hand did
	Extended Extension         `json:"extended,omitzero"`  // by hand, beyond what the file says
	Finished time.Time         `json:"finished,omitzero"`  // results are there and nothing of it is left
	Results  string            `json:"results,omitempty"`  // folder
	Owner    string            `json:"owner,omitempty"`    // of the investigation
	Approved string            `json:"approved,omitempty"` // fingerprint of the plan that was approved
	Sessions map[string]*Entry `json:"sessions"`           // by print
	Left     []Left            `json:"left,omitempty"`     // what should be gone and is not

	// Of a monitor: what it is, its file, and the periods that were reported, in their order.
	Monitor *plan.Investigation `json:"monitor,omitempty"`
	File    string              `json:"file,omitempty"`
	Periods []Period            `json:"periods,omitempty"`

	// What has to be undone in the end. It is written down before it is done.
	Agents     map[string]plan.Agent     `json:"agents,omitempty"`     // that flowctl brings, by the machine's key
	Lifecycles map[string]plan.Lifecycle `json:"lifecycles,omitempty"` // as they were before a retention, by the account's key
}

// Extension is an end that was put in the place of the file's. It holds as long as the
// file says the same.
type Extension struct {
	From time.Time `json:"from"` // the end that the file says
	To   time.Time `json:"to"`
}

// Left is something that flowctl made or changed and could not take back.
type Left struct {
	At      time.Time `json:"at"` // when it was last tried
	What    plan.ID   `json:"what"`
	Session string    `json:"session"` // address, or the machine or account it is on
	Reason  string    `json:"reason"`
	WayOut  string    `json:"way_out"`
}

// ErrStale says that another run wrote the ledger since it was read.
var ErrStale = errors.New("the state was changed by another run since it was read; run the command again")

// New returns an empty ledger.
func New() Ledger { return Ledger{Format: Format, Runs: map[string]*Run{}} }

// Encode is the ledger as it is kept.
func (l Ledger) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write state: %w", err)
	}
	return append(b, '\n'), nil
}

// Decode reads what Encode wrote; where says where it lies.
func Decode(where string, b []byte) (Ledger, error) {
	var l Ledger
	if b, ok := convert(b); ok {
		return l, json.Unmarshal(b, &l)
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("state %s is damaged: %w; move it away and run again: what exists is found by its name in Azure", where, err)
	}
	if l.Format != Format {
		return l, fmt.Errorf("state %s has format %d, this flowctl knows %d: use the flowctl that wrote it, or move the state away and run again: what exists is found by its name in Azure", where, l.Format, Format)
	}
	if l.Runs == nil {
		l.Runs = map[string]*Run{}
	}
	for name, r := range l.Runs {
		if err := r.check(); err != nil {
			return l, fmt.Errorf("state %s is damaged: investigation %q: %w; move it away and run again: what exists is found by its name in Azure", where, name, err)
		}
		if r.Sessions == nil {
			r.Sessions = map[string]*Entry{}
		}
	}
	return l, nil
}

// check refuses a run of which a part is missing that nothing can do without.
func (r *Run) check() error {
	if r == nil {
		return errors.New("it is null")
	}
	for print, e := range r.Sessions {
		if e == nil {
			return fmt.Errorf("session %q is null", print)
		}
	}
	return nil
}

// Knows reports whether r has a session of this name; nil knows none.
func (r *Run) Knows(name string) bool { return r.named(name) != nil }

// Has reports whether r has a session of its own with this id; nil has none.
func (r *Run) Has(id plan.ID) bool {
	e := r.named(id.Name())
	return e != nil && (e.Session.Watcher == "" || e.Session.Watcher.Is(id.Parent()))
}

// End notes that the session of this name has ended.
func (r *Run) End(name string, at time.Time, reason string) {
	if e := r.named(name); e != nil && e.Ended == nil {
		e.Ended = &Ended{at, reason}
	}
}

func (r *Run) named(name string) *Entry {
	if r == nil {
		return nil
	}
	for _, e := range r.Sessions {
		if e.Session.Name == name && !e.Reused {
			return e
		}
	}
	return nil
}

// Clone copies a run as deep as runs change.
func (r *Run) Clone() *Run {
	if r == nil {
		return nil
	}
	c := *r
	c.Sessions = maps.Clone(r.Sessions)
	c.Left = append([]Left(nil), r.Left...)
	c.Periods = append([]Period(nil), r.Periods...)
	c.Agents, c.Lifecycles = maps.Clone(r.Agents), maps.Clone(r.Lifecycles)
	return &c
}
