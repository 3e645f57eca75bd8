package ledger

import (
	"slices"
	"time"

	"flowctl/plan"
)

// Period is a part of a monitor's time that was reported.
type Period struct {
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Reported time.Time `json:"reported"` // when its latest revision was
	Revision int       `json:"revision"` // 1, and one more each time that blobs came after the report
	SHA256   string    `json:"sha256"`   // of what it rests on: the files' hashes, in the order of their paths
	Outcome  string    `json:"outcome,omitempty"`
}

// Due lists the periods of a monitor that are over and not reported, the earliest first.
// What was removed ended in the midst of one: that is the last.
func (r *Run) Due(m plan.Monitor, now time.Time) []Period {
	end := earliest(now, r.Ends)
	from := r.Started
	if n := len(r.Periods); n > 0 {
		from = latest(from, r.Periods[n-1].End)
	}
	var out []Period
	for from.Before(end) {
		_, to := m.Period(from)
		if to.After(r.Ends) {
			to = r.Ends
		}
		if to.After(end) {
			break
		}
		out = append(out, Period{Start: from, End: to})
		from = to
	}
	return out
}

// Report notes that a period was reported, or reported again.
func (r *Run) Report(p Period) {
	i := slices.IndexFunc(r.Periods, func(x Period) bool { return x.End.Equal(p.End) })
	if i < 0 {
		r.Periods = append(r.Periods, p)
		return
	}
	r.Periods[i] = p
}

// Touches reports whether e recorded anything between two times, as far as is known.
func (e *Entry) Touches(start, end time.Time) bool {
	if e.Failed != nil && e.Created.IsZero() || e.Created.IsZero() && !e.Reused || !e.Created.Before(end) && !e.Reused {
		return false
	}
	return e.Ended == nil || e.Ended.At.After(start)
}

// Reopen lets a session of a monitor that had ended go on: what was in between is a gap.
func (e *Entry) Reopen() {
	if e.Ended != nil {
		e.Changes = append(e.Changes[:len(e.Changes):len(e.Changes)], Change{At: e.Ended.At, What: Unwatched})
	}
	e.Ended, e.Fetched, e.Failed, e.Removed = nil, nil, nil, time.Time{}
}

// Stand notes what of an investigation has to be known when its file has it no more, if it
// is a monitor.
func (r *Run) Stand(inv plan.Investigation, file string) {
	if inv.Standing() {
		r.Monitor, r.File = &inv, file
	}
}

// Reads reports whether r reads somebody else's log with this id.
func (r *Run) Reads(id plan.ID) bool {
	for _, e := range r.Sessions {
		if e.Reused && e.Seen != nil && e.Seen.Recording != nil && e.Seen.Recording.ID.Is(id) {
			return true
		}
	}
	return false
}

// Back is when what change i was about was set back; zero if it was not.
func (e *Entry) Back(i int) time.Time {
	for _, c := range e.Changes[i+1:] {
		if c.What == Mended {
			return c.At
		}
	}
	return time.Time{}
}
