package ledger

import (
	"cmp"
	"fmt"
	"maps"
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
	Read    bool      `json:"read,omitempty"`    // another log that is read has it
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
	switch {
	case !e.Since.IsZero():
		add(Gap{From: start, To: e.Since, Why: "not read before", Read: true})
	case !e.Reused && !e.Created.IsZero():
		add(Gap{From: start, To: e.Created, Why: "not started yet"})
	}
	if e.Ended != nil {
		add(Gap{From: e.Ended.At, To: end, Why: "it ended before"})
	}
	for i, c := range e.Changes {
		if why := c.stops(); why != "" {
			add(Gap{From: c.At, To: e.until(i, end), Why: why, Targets: c.Targets, Read: !e.Since.IsZero()}) // then it is the other one's again
		}
	}
	slices.SortStableFunc(list, func(a, b Gap) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	return list
}

// Instead is when other logs that are read as well wrote what that of e was to: those
// that took over, from then until they were off themselves or e's log wrote again; and
// one that recorded before e's, or after it, while that was not there.
func (r *Run) Instead(e *Entry) []Gap {
	var list []Gap
	for _, key := range slices.Sorted(maps.Keys(r.Sessions)) {
		o := r.Sessions[key]
		if o.Kind() == Capture || o.Created.IsZero() || o.Session.Name == e.Session.Name || !covers(e.Session, o.Session) {
			continue
		}
		g := Gap{Why: o.Session.Name + " is read", Read: true}
		if !o.Session.Target.ID.Is(e.Session.Target.ID) {
			g.Targets = []plan.ID{o.Session.Target.ID}
		}
		if o.Since.IsZero() {
			list = append(list, r.meanwhile(e, o, g)...)
			continue
		}
		g.From, g.To = o.Since, o.first(o.Since, func(c Change) bool { return c.stops() != "" }, r.Ends)
		g.To = e.first(o.Since, func(c Change) bool { return c.What == Returned }, g.To)
		list = append(list, g)
	}
	return list
}

// meanwhile is g for the times in which the log of e did not record and that of o did.
func (r *Run) meanwhile(e, o *Entry, g Gap) (list []Gap) {
	for _, off := range e.Gaps(r.Started, r.Ends) {
		if off.Read || off.Targets != nil {
			continue
		}
		from := off.From
		for _, other := range o.Gaps(off.From, off.To) {
			if other.Targets == nil {
				g.From, g.To = from, other.From
				list, from = append(list, g), latest(from, other.To)
			}
		}
		g.From, g.To = from, off.To
		list = append(list, g)
	}
	return slices.DeleteFunc(list, func(g Gap) bool { return !g.From.Before(g.To) })
}

// first is when the first change of a sort after a time was noticed, or end if that is
// earlier.
func (e *Entry) first(after time.Time, of func(Change) bool, end time.Time) time.Time {
	for _, c := range e.Changes {
		if of(c) && c.At.After(after) {
			return earliest(c.At, end)
		}
	}
	return end
}

// covers reports whether the target of a part is that of s, or in it.
func covers(s, part plan.Session) bool {
	return part.Target.ID.Is(s.Target.ID) || slices.ContainsFunc(part.Within, s.Target.ID.Is)
}

// Stops reports whether a log does not record after a change.
func (c Change) Stops() bool { return c.stops() != "" }

// stops says why a log does not record after a change; empty if it does.
func (c Change) stops() string {
	switch c.What {
	case Unwatched:
		return "nothing in the file asked for it"
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
		if c.What == what || c.What == opposite(what) || c.What == Mended {
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
