package ledger

import (
	"encoding/json"
	"time"

	"flowctl/plan"
)

// A state of format 1 knew no facts: each session had a phase. What is known of it is
// kept as facts of the time at which its run ended, or of its own start.

// formatOne is the form of format 1.
type formatOne struct {
	Format  int                  `json:"format"`
	Lineage string               `json:"lineage"`
	Serial  int                  `json:"serial"`
	Runs    map[string]*firstRun `json:"runs"`
}

type firstRun struct {
	Started    time.Time                 `json:"started"`
	Ends       time.Time                 `json:"ends"`
	Stopped    bool                      `json:"stopped"`
	Finished   time.Time                 `json:"finished"`
	Results    string                    `json:"results"`
	Sessions   map[string]*firstSession  `json:"sessions"`
	Agents     map[string]plan.Agent     `json:"agents"`
	Lifecycles map[string]plan.Lifecycle `json:"lifecycles"`
}

type firstSession struct {
	Session   plan.Session    `json:"session"`
	Digest    string          `json:"digest"`
	Phase     Stand           `json:"phase"`
	Reused    bool            `json:"reused"`
	Recording *plan.Recording `json:"recording"`
	Bytes     int64           `json:"bytes"`
	Started   time.Time       `json:"started"`
	FirstData time.Time       `json:"first_data"`
	Reason    string          `json:"reason"`
}

// convert makes a ledger of a state of format 1; ok is false if it is none, or not
// whole.
func convert(b []byte) (_ []byte, ok bool) {
	var old formatOne
	if json.Unmarshal(b, &old) != nil || old.Format != 1 {
		return nil, false
	}
	l := Ledger{Format: Format, Lineage: old.Lineage, Serial: old.Serial, Runs: map[string]*Run{}}
	for name, r := range old.Runs {
		if r == nil {
			return nil, false
		}
		run := &Run{Started: r.Started, Ends: r.Ends, Stopped: r.Stopped, Finished: r.Finished, Results: r.Results,
			Sessions: map[string]*Entry{}, Agents: r.Agents, Lifecycles: r.Lifecycles}
		for print, s := range r.Sessions {
			if s == nil {
				return nil, false
			}
			run.Sessions[print] = s.entry(r)
		}
		l.Runs[name] = run
	}
	out, err := l.Encode()
	return out, err == nil
}

func (s *firstSession) entry(r *firstRun) *Entry {
	e := &Entry{Session: s.Session, Digest: s.Digest, Reused: s.Reused, Data: s.FirstData, Intended: Intended{At: r.Started}}
	if s.Recording != nil {
		e.Seen = &Seen{At: r.Started, Recording: s.Recording, Bytes: s.Bytes}
	}
	started := s.Started
	if started.IsZero() {
		started = r.Started
	}
	switch s.Phase {
	case Planned:
		return e
	case Starting:
		e.Asked = started
		return e
	case GivenUp:
		e.Failed = &Failed{At: started, Reason: s.Reason}
		return e
	}
	e.Created = started
	if s.Phase == Recording {
		return e
	}
	e.Ended = &Ended{At: r.Ends, Reason: s.Reason}
	if s.Phase == Over {
		return e
	}
	e.Fetched = &Fetched{At: r.Ends, Bytes: s.Bytes}
	if s.Phase == Gone {
		e.Removed = r.Ends
	}
	return e
}
