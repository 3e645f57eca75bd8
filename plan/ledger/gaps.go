package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// Gap is a time in which a flow log did not record what it was to.
type Gap struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Why     string    `json:"why"`
	Targets []plan.ID `json:"targets,omitempty"` // of which alone it did not; none for all of it
}

// Gaps works out when, between start and end, a flow log did not record what it was
// to: before it was there, after it ended, and while others had it switched off,
// deleted, pointed elsewhere or taken over. The times are those at which it was
// noticed.
func (e *Entry) Gaps(start, end time.Time) []Gap {
	if e.Kind() == Capture {
		return nil
	}
	var list []Gap
	add := func(o Gap) {
		o.From, o.To = latest(o.From, start), earliest(o.To, end)
		if o.From.Before(o.To) {
			list = append(list, o)
		}
	}
	if !e.Reused && !e.Created.IsZero() {
		add(Gap{From: start, To: e.Created, Why: "not started yet"})
	}
	if e.Ended != nil {
		add(Gap{From: e.Ended.At, To: end, Why: "it ended before"})
	}
	for i, c := range e.Changes {
		if why := c.stops(); why != "" {
			add(Gap{From: c.At, To: e.until(i, end), Why: why, Targets: c.Targets})
		}
	}
	slices.SortStableFunc(list, func(a, b Gap) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	return list
}

// stops says why a log does not record after a change; empty if it does.
func (c Change) stops() string {
	switch c.What {
	case Deleted, Switched, Retargeted, Moved:
		return fmt.Sprintf("%s by somebody else", c.What)
	case TakenOver:
		var names []string
		for _, name := range strings.Split(c.Text, ", ") {
			name, _, _ = strings.Cut(name, " on ")
			names = append(names, name)
		}
		return strings.Join(names, ", ") + " took over"
	}
	return ""
}

// until is when change i was taken back or gave way to another of its sort, or end.
func (e *Entry) until(i int, end time.Time) time.Time {
	what := e.Changes[i].What
	for _, c := range e.Changes[i+1:] {
		if c.What == what || c.What == opposite(what) {
			return c.At
		}
	}
	return end
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
