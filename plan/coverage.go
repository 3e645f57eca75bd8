package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Coverage says, of the part of a window that is past, what there is of each target, hour by hour.
type Coverage struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Rows []Covered `json:"rows"`
}

// Covered is what one source has of one target.
type Covered struct {
	Target    ID        `json:"target"`
	Watches   []string  `json:"watches,omitempty"`
	Source    Source    `json:"source,omitempty"`    // empty: nobody recorded the target
	Recording ID        `json:"recording,omitempty"` // the flow log, or the workspace
	Owner     string    `json:"owner,omitempty"`     // as its tags say
	Enabled   bool      `json:"enabled"`             // it still records
	Retention int       `json:"retention_days"`      // of the flow log; 0: until a rule of the account, or somebody, deletes it
	Hours     []Hour    `json:"hours"`               // of which something is there, in their order
	Workspace ID        `json:"workspace,omitempty"` // to which Traffic Analytics of the flow log writes as well
	First     time.Time `json:"first,omitzero"`      // of all that is there, where that was asked for: the first hour
	Last      time.Time `json:"last,omitzero"`       // and the last one
	Unread    string    `json:"unread,omitempty"`    // why it could not be listed: then it is not known what is there
}

// Source is where what was recorded lies.
type Source string

// The sources.
const (
	FromBlobs     Source = "flow log"
	FromNSGBlobs  Source = "NSG flow log"
	FromWorkspace Source = "Traffic Analytics"
)

// Hour is what is there of one hour: files of interfaces in storage, or rows of a workspace.
type Hour struct {
	Start time.Time `json:"start"`
	Files int       `json:"files,omitempty"`
	Rows  int64     `json:"rows,omitempty"`
	Bytes int64     `json:"bytes"`
}

// Span is a time from one moment to another.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Bytes is how much there is to read.
func (c Covered) Bytes() (n int64) {
	for _, h := range c.Hours {
		n += h.Bytes
	}
	return n
}

// Any reports whether anything is there.
func (c *Coverage) Any() bool {
	for _, r := range c.Rows {
		if len(r.Hours) > 0 || r.Unread != "" {
			return true
		}
	}
	return false
}

// Gaps are the times of which no source has anything of a target. Where a source could not be
// listed nothing is known, and there are none.
func (c *Coverage) Gaps(target ID) []Span {
	for _, r := range c.Rows {
		if r.Target.Is(target) && r.Unread != "" {
			return nil
		}
	}
	return c.Missing(target)
}

// Missing are the times of which no source is known to have anything of a target.
func (c *Coverage) Missing(target ID) []Span {
	there := map[int64]bool{}
	for _, r := range c.Rows {
		if !r.Target.Is(target) {
			continue
		}
		for _, h := range r.Hours {
			there[h.Start.Unix()] = true
		}
	}
	var out []Span
	c.hours(func(at time.Time, s Span) {
		switch n := len(out); {
		case there[at.Unix()]:
		case n > 0 && out[n-1].To.Equal(s.From):
			out[n-1].To = s.To
		default:
			out = append(out, s)
		}
	})
	return out
}

// Partial are the hours of which no file has all of a target: there is none, or none of the hour
// after it. A record is stamped when its minute is over, so that the last minute of an hour is in the
// file of the next one.
func (c *Coverage) Partial(target ID) []Span {
	there := map[int64]bool{}
	for _, r := range c.Rows {
		for _, h := range r.Hours {
			if r.Target.Is(target) && h.Files > 0 {
				there[h.Start.Unix()] = true
			}
		}
	}
	var out []Span
	c.hours(func(at time.Time, s Span) {
		next := at.Add(time.Hour)
		if !there[at.Unix()] || next.Before(c.To) && !there[next.Unix()] {
			out = append(out, s)
		}
	})
	return out
}

// hours calls each with the hours of c and what of each is in it.
func (c *Coverage) hours(each func(at time.Time, s Span)) {
	for at := c.From.UTC().Truncate(time.Hour); at.Before(c.To); at = at.Add(time.Hour) {
		s := Span{at, at.Add(time.Hour)}
		if s.From.Before(c.From) {
			s.From = c.From
		}
		if s.To.After(c.To) {
			s.To = c.To
		}
		each(at, s)
	}
}

// Take is what rows of a workspace are read for: the hours that they have and of which storage has
// not all, and the times of these.
func (c *Coverage) Take(rows Covered) (hours []Hour, spans []Span) {
	hours = []Hour{}
	for _, s := range c.Partial(rows.Target) {
		i := slices.IndexFunc(rows.Hours, func(h Hour) bool { return h.Start.Equal(s.From.UTC().Truncate(time.Hour)) })
		if i < 0 {
			continue
		}
		hours = append(hours, rows.Hours[i])
		if n := len(spans); n > 0 && spans[n-1].To.Equal(s.From) {
			spans[n-1].To = s.To
		} else {
			spans = append(spans, s)
		}
	}
	return hours, spans
}

// Leave has of the logs of a target only the times count of which rows are not read. A log whose
// files could not be listed is given up.
func (c *Coverage) Leave(changes []Change, rows Change) {
	for i, ch := range changes {
		if ch.Action != Reuse || !ch.Target().Is(rows.Target()) || ch.Recording.InWorkspace() {
			continue
		}
		if slices.ContainsFunc(c.Rows, func(r Covered) bool {
			return r.Target.Is(ch.Target()) && r.Recording.Is(ch.Recording.ID) && r.Unread != ""
		}) {
			changes[i].Action, changes[i].Reason = Leave, "what it has in storage cannot be listed: its rows are read in their place"
			continue
		}
		s := *ch.Session
		s.Spans = c.without(s.Spans, rows.Session.Spans)
		changes[i].Session = &s
	}
}

// without are the hours of spans, or of all if there are none, that are not in others.
func (c *Coverage) without(spans, others []Span) []Span {
	in := func(all []Span, s Span) bool {
		return slices.ContainsFunc(all, func(o Span) bool { return !s.From.Before(o.From) && !s.To.After(o.To) })
	}
	out := []Span{}
	c.hours(func(_ time.Time, s Span) {
		if in(others, s) || len(spans) > 0 && !in(spans, s) {
			return
		}
		if n := len(out); n > 0 && out[n-1].To.Equal(s.From) {
			out[n-1].To = s.To
		} else {
			out = append(out, s)
		}
	})
	if len(out) == 0 { // all of it is read elsewhere
		out = append(out, Span{c.From, c.From})
	}
	return out
}

// Targets are those that the rows are about, in their order.
func (c *Coverage) Targets() []ID {
	var out []ID
	seen := map[string]bool{}
	for _, r := range c.Rows {
		if !seen[r.Target.Key()] {
			seen[r.Target.Key()] = true
			out = append(out, r.Target)
		}
	}
	return out
}

// Volume is how much is there of a recording for a target, and whether that is known.
func (c *Coverage) Volume(target, recording ID) (bytes int64, known bool) {
	if c == nil {
		return 0, false
	}
	for _, r := range c.Rows {
		if r.Target.Is(target) && r.Recording.Is(recording) && r.Source != FromWorkspace {
			return r.Bytes(), r.Unread == ""
		}
	}
	return 0, false
}

// Unrecorded says of each target when nobody recorded anything of it.
func (c *Coverage) Unrecorded() []Finding {
	var out []Finding
	for _, target := range c.Targets() {
		var times []string
		for _, g := range c.Gaps(target) {
			times = append(times, g.From.Format(time.RFC3339)+" to "+g.To.Format(time.RFC3339))
		}
		if len(times) == 0 {
			continue
		}
		f := Finding{
			Code: NotRecorded, Severity: Warning, Summary: "Nobody recorded it", Target: target,
			Detail: fmt.Sprintf("Of %s nobody recorded anything from %s: the answers say nothing of it.", target.Name(), strings.Join(times, ", from ")),
		}
		at := slices.IndexFunc(c.Rows, func(r Covered) bool { return r.Target.Is(target) })
		if w := c.Rows[at].Watches; len(w) > 0 {
			f.Watch = w[0]
		}
		out = append(out, f)
	}
	return out
}
