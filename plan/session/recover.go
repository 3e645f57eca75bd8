package session

import (
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Recover makes the run of a results folder, for a ledger that was lost: what
// was collected is not recorded a second time.
func (m Manifest) Recover(folder string) *ledger.Run {
	run := &ledger.Run{
		Started: m.Start, Ends: m.End, Finished: m.Finished, Results: folder, Owner: m.Investigation.Owner, Sessions: map[string]*ledger.Entry{},
	}
	for _, s := range m.Sessions {
		run.Sessions[s.Fingerprint] = s.recover(m.End)
	}
	return run
}

func (s Session) recover(end time.Time) *ledger.Entry {
	e := &ledger.Entry{
		Session: plan.Session{Name: s.Name, Watches: s.Watches, Mechanism: s.Mechanism, Target: s.Target},
		Digest:  s.Digest, Reused: s.Reused, Created: s.Started, Data: s.FirstData,
	}
	if !s.Ended.IsZero() {
		e.Ended = &ledger.Ended{At: s.Ended, Reason: s.Reason}
	}
	at := s.Ended
	if at.IsZero() {
		at = end
	}
	switch ledger.Stand(s.Outcome) {
	case ledger.GivenUp:
		e.Failed = &ledger.Failed{At: at, Reason: s.Reason}
	case ledger.Gone:
		e.Fetched, e.Removed = &ledger.Fetched{At: at}, at
	case ledger.Collected:
		e.Fetched = &ledger.Fetched{At: at}
	}
	return e
}

// Merge adds to m what another machine brought of the same run: its files, and of
// each session what was made of it where it came further.
func (m *Manifest) Merge(other Manifest) {
	places := map[string]int{}
	for i, s := range m.Sessions {
		places[s.Fingerprint] = i
	}
	for _, s := range other.Sessions {
		i, known := places[s.Fingerprint]
		switch {
		case !known:
			m.Sessions = append(m.Sessions, s)
		case s.recover(other.End).Further(m.Sessions[i].recover(m.End)):
			m.Sessions[i] = s
		}
	}
	have := map[string]bool{}
	for _, a := range m.Artifacts {
		have[a.Path] = true
	}
	for _, a := range other.Artifacts {
		if !have[a.Path] {
			m.Artifacts = append(m.Artifacts, a)
		}
	}
}
