package minutes

import (
	"cmp"
	"slices"
	"time"

	"flowctl/collectors/flow"
)

// Options say what should have been recorded.
type Options struct {
	// Start and End bound it; zero for what the log itself shows, from the first
	// record of any of its interfaces to the last.
	Start, End time.Time
	// Off is when logs were off, as far as that is known.
	Off []Off
	// Name gives an interface its name; nil if nothing does.
	Name func(mac string) string
}

// Off is a time in which a log did not record.
type Off struct {
	Log      string // resource id
	From, To time.Time
	Why      string // "switched off", "nic-web-log took over"
}

// Why a gap is, where nobody says.
const (
	notWritten = "nothing later of it was seen: silent, or written late"
	switched   = "the log was off"
)

// Document says how much of what should have been recorded was.
type Document struct {
	Counts
	Seconds int64  `json:"seconds"` // length of a step
	Steps   []Step `json:"steps"`
	Gaps    []Gap  `json:"gaps"` // at most so many, the longest
	More    int    `json:"more_gaps,omitempty"`
}

// Step is the minutes of all interfaces from Start on.
type Step struct {
	Start time.Time `json:"start"`
	Counts
}

// Gap is a time of an interface of which nothing is recorded and something should
// be.
type Gap struct {
	Log       string    `json:"log"`    // resource id, in upper case
	Target    string    `json:"target"` // resource id of what is logged
	Interface string    `json:"interface"`
	Name      string    `json:"name,omitempty"` // of the interface, by the inventory
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Minutes   int64     `json:"minutes"` // of them, those without a record
	State     string    `json:"state"`   // "unlogged" or "unknown"
	Why       string    `json:"why"`
}

const (
	mostGaps  = 1000
	mostSteps = 96
)

// point is a row with what should have been recorded of it.
type point struct {
	*row
	log, mac string
	due      span
	off      []span
	why      []string // of off
}

// Document counts. It is nil if no flow log was read. Texts are those of names.
func (t *Table) Document(names *flow.Names, o Options) *Document {
	t.mu.Lock()
	defer t.mu.Unlock()
	points := t.points(names, o)
	if len(points) == 0 {
		return nil
	}
	doc := &Document{Steps: []Step{}, Gaps: []Gap{}}
	var all span
	for i, p := range points {
		doc.Counts.add(p.of(p.due, p.off))
		p.gaps(doc, names, o.Name)
		if i == 0 {
			all = p.due
		}
		all = span{min(all.from, p.due.from), max(all.to, p.due.to)}
	}
	doc.steps(points, all)
	slices.SortFunc(doc.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(b.Minutes, a.Minutes), a.From.Compare(b.From), cmp.Compare(a.Log, b.Log), cmp.Compare(a.Interface, b.Interface))
	})
	if n := len(doc.Gaps); n > mostGaps {
		doc.Gaps, doc.More = doc.Gaps[:mostGaps], n-mostGaps
	}
	return doc
}

// points returns what was read, by log and interface.
func (t *Table) points(names *flow.Names, o Options) []point {
	var points []point
	byLog := map[flow.ID]span{}
	for p, r := range t.rows {
		r.tidy()
		whole := r.whole()
		if s, ok := byLog[p.Log]; ok {
			whole = span{min(s.from, whole.from), max(s.to, whole.to)}
		}
		byLog[p.Log] = whole
	}
	for p, r := range t.rows {
		at := point{row: r, log: names.Text(p.Log), mac: names.Text(p.Interface), due: window(o, byLog[p.Log])}
		at.off, at.why = off(o.Off, at.log)
		if at.due.length() > 0 {
			points = append(points, at)
		}
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Or(cmp.Compare(a.log, b.log), cmp.Compare(a.mac, b.mac)) })
	return points
}

// window is the minutes that a window touches, or those that a log shows.
func window(o Options, shown span) span {
	if !o.Start.IsZero() && o.Start.Unix() > 0 {
		shown.from = o.Start.Unix() / 60
	}
	if !o.End.IsZero() {
		shown.to = (o.End.Add(time.Minute-1).Unix() / 60)
	}
	return shown
}

// off returns when a log was off, in order and apart, and why.
func off(all []Off, log string) (spans []span, why []string) {
	mine := slices.DeleteFunc(slices.Clone(all), func(o Off) bool { return !sameFold(o.Log, log) })
	slices.SortStableFunc(mine, func(a, b Off) int { return a.From.Compare(b.From) })
	for _, o := range mine {
		s := span{ceil(o.From), o.To.Unix() / 60}
		if n := len(spans); n > 0 {
			s.from = max(s.from, spans[n-1].to)
		}
		if s.length() > 0 {
			spans, why = append(spans, s), append(why, cmp.Or(o.Why, switched))
		}
	}
	return spans, why
}

// ceil is the first whole minute from at on.
func ceil(at time.Time) int64 { return at.Add(time.Minute-1).Unix() / 60 }

// gaps adds the gaps of a point.
func (p *point) gaps(doc *Document, names *flow.Names, name func(string) string) {
	g := Gap{Log: p.log, Target: names.Text(p.target), Interface: p.mac}
	if name != nil {
		g.Name = name(p.mac)
	}
	add := func(s span, minutes int64, state, why string) {
		if minutes <= 0 {
			return
		}
		g.From, g.To, g.Minutes, g.State, g.Why = instant(s.from), instant(s.to), minutes, state, why
		doc.Gaps = append(doc.Gaps, g)
	}
	rest := p.due.and(span{p.whole().to, p.due.to})
	for i, o := range p.off {
		if o = o.and(p.due); o.length() == 0 {
			continue
		}
		add(o, o.length()-p.recorded(o), "unlogged", p.why[i])
		if before := rest.and(span{rest.from, o.from}); before.length() > 0 {
			add(before, before.length(), "unknown", notWritten)
		}
		rest.from = max(rest.from, o.to)
	}
	add(rest, rest.length(), "unknown", notWritten)
}

// instant is when a minute begins, or the last second that JSON can write.
func instant(minute int64) time.Time {
	const last = 253402300799
	return time.Unix(min(minute*60, last), 0).UTC()
}

// steps counts by time, in steps of a length that divides a day.
func (d *Document) steps(points []point, all span) {
	length := int64(1)
	for _, n := range []int64{1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440} {
		if length = n; all.length()/n < mostSteps {
			break
		}
	}
	for all.length()/length >= mostSteps {
		length *= 2
	}
	d.Seconds = length * 60
	for at := all.from - (all.from%length+length)%length; at < all.to; at += length {
		s := Step{Start: instant(at)}
		for _, p := range points {
			if within := p.due.and(span{at, at + length}); within.length() > 0 {
				s.add(p.of(within, p.off))
			}
		}
		d.Steps = append(d.Steps, s)
	}
}

// Targets are what the gaps are of, each once, in the order of the gaps.
func (d *Document) Targets() []string {
	seen := map[string]bool{}
	var list []string
	for _, g := range d.Gaps {
		if !seen[g.Target] {
			seen[g.Target] = true
			list = append(list, g.Target)
		}
	}
	return list
}
