// Package plan says what flowctl is going to do, as values: targets,
// sessions, changes and findings, and the contract a provider keeps. It does
// no I/O and knows neither HCL nor Azure's SDK.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Investigation is the part of a file's investigation that travels with
// everything that is made for it.
type Investigation struct {
	Name   string        `json:"name"`
	Reason string        `json:"reason"`
	Owner  string        `json:"owner"`
	Ticket string        `json:"ticket,omitempty"`
	Window time.Duration `json:"window"`
	Start  time.Time     `json:"start,omitzero"` // only if the file states it
	End    time.Time     `json:"end,omitzero"`

	// Past says that the window was over before the run began: nothing is recorded, and what others
	// recorded is read.
	Past bool `json:"past,omitempty"`

	// MaxTotalBytes ends the run once its recordings have so much together; 0: they may have any.
	MaxTotalBytes int64 `json:"max_total_bytes,omitempty"`

	AlignedStart bool `json:"aligned_start,omitempty"` // captures begin together

	Monitor   *Monitor `json:"monitor,omitempty"`   // it is a standing watch; nil: it has an end
	Simulated bool     `json:"simulated,omitempty"` // by the sandbox: nothing of it is of a real network
}

// Standing reports whether inv has no end.
func (inv Investigation) Standing() bool { return inv.Monitor != nil }

// TimeBox is when inv records, if it begins at began unless the file says when.
// It is the one place where the end of a time box is worked out.
func (inv Investigation) TimeBox(began time.Time) (start, end time.Time) {
	if inv.Standing() {
		return began.Truncate(time.Second), Forever
	}
	start = began
	if !inv.Start.IsZero() {
		start = inv.Start
	}
	end = inv.End
	if end.IsZero() {
		end = start.Add(inv.Window)
	}
	return start.Truncate(time.Second), end.Truncate(time.Second) // as names keep it
}

// View keeps, of what subnets and interfaces log, the flows that one network
// security group decided.
type View struct {
	Watch string `json:"watch"`
	NSG   ID     `json:"nsg"`
	GUID  string `json:"guid"`
}

// Plan is what apply would do for one investigation.
type Plan struct {
	Investigation Investigation `json:"investigation"`
	Made          time.Time     `json:"made"`
	Ends          time.Time     `json:"ends"` // of the time box, if applied at Made
	Changes       []Change      `json:"changes"`
	Views         []View        `json:"views,omitempty"`
	Findings      []Finding     `json:"findings,omitempty"`
	Cost          *Estimate     `json:"cost,omitempty"`     // nil if nothing is estimated
	Coverage      *Coverage     `json:"coverage,omitempty"` // of the part of the window that is past; nil if none is
	Finished      bool          `json:"finished"`           // results are there
	Begun         bool          `json:"begun"`              // a run is under way, and Ends is its end
	Failed        int           `json:"failed,omitempty"`   // sessions of the finished run

	// Of a monitor: its block is in the file no more, and how many logs of others it does
	// not read yet.
	Removed bool `json:"removed,omitempty"`
	Joining int  `json:"joining,omitempty"`
}

// Pending reports whether apply would do or wait for anything.
func (p Plan) Pending() bool {
	if p.Finished {
		return p.Count(Create, Keep, Finish, Replace, Delete) > 0
	}
	if p.Investigation.Standing() && p.Begun { // what goes on needs nothing
		return p.Count(Create, Update, Finish, Replace, Delete) > 0 || p.Joining > 0
	}
	return len(p.Changes) > 0 // also where all is collected, and what was made for it may still be there
}

// Count counts the changes with any of the actions.
func (p Plan) Count(actions ...Action) int {
	n := 0
	for _, c := range p.Changes {
		for _, a := range actions {
			if c.Action == a {
				n++
			}
		}
	}
	return n
}

// Digest identifies what p does, apart from when: two plans with the same
// digest do the same things for the same reasons.
func (p Plan) Digest() string {
	type change struct {
		Action    Action
		Target    string
		Settings  string
		Recording string
	}
	var all []change
	for _, c := range p.Changes {
		x := change{Action: c.Action, Target: c.Target().Key()}
		if c.Session != nil {
			x.Settings = c.Session.Digest()
		}
		if c.Recording != nil {
			x.Recording = c.Recording.ID.Key()
		}
		all = append(all, x)
	}
	return digest(all)
}

// Digest identifies what s asks for, apart from its name and deadline, from the
// watches that want it, which can be renamed, from what has to be made first, and from
// the times that are read of it.
func (s Session) Digest() string {
	s.Name, s.Deadline, s.Why, s.Tags, s.Within, s.Watches, s.Spans = "", time.Time{}, "", nil, nil, nil, nil
	s.CreateWatcher, s.InstallAgent = false, ""
	s.Target.ID, s.Storage = ID(s.Target.ID.Key()), ID(s.Storage.Key())
	return digest(s)
}

func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of strings, numbers and times
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
