package minutes

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"flowctl/collectors/flow"
)

// Options say what should have been recorded.
type Options struct {
	// Start and End bound it; zero for what the log itself shows, from the first
	// record of any of its interfaces to the last.
	Start, End time.Time
	// Followed are the logs that somebody followed; what others should have
	// recorded, they show themselves.
	Followed []Followed
	// Name gives an interface its name; nil if nothing does.
	Name func(mac string) string
}

// Followed is a log that was to record from one time to another.
type Followed struct {
	Log    string    `json:"log"`    // resource id
	Target string    `json:"target"` // of what it logs
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Off    []Off     `json:"off,omitempty"` // as far as that is known
	Lit    bool      `json:"lit,omitempty"` // it is known to have records, which need not be at hand
}

// Off is a time in which a log did not record.
type Off struct {
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Why        string    `json:"why"`                  // "switched off by somebody else", "nic-web-log took over"
	Interfaces []string  `json:"interfaces,omitempty"` // MAC addresses of those of which it did not; nil for all
	Read       bool      `json:"read,omitempty"`       // another log that is read records then: it is not due
}

// Why a gap is, where nobody says.
const (
	notWritten = "nothing later of it was seen: silent, or written late"
	never      = "no record of it was seen: silent, or never written"
	switched   = "the log was off"
	unread     = "a part of its file could not be read"
	notKept    = "the flows that were kept are of another time"
)

// Document says how much of what should have been recorded was.
type Document struct {
	Counts
	Seconds int64  `json:"seconds"` // length of a step
	Steps   []Step `json:"steps"`
	Gaps    []Gap  `json:"gaps"` // at most so many, the longest
	More    int    `json:"more_gaps,omitempty"`

	Interfaces []Interface `json:"-"` // of which anything was recorded or should have been
}

// Interface is one of a log.
type Interface struct {
	Log  string // resource id, in lower case
	MAC  string // empty if it is not known which interfaces the log has
	Name string // by the inventory; empty if none is known
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
	due      []due      // in order and apart
	off      []interval // likewise
	why      []string   // of off
}

// due is a time in which a log should have recorded. It is dark if the log was
// followed and has no record in all of that time, also not where a window cuts it.
type due struct {
	interval
	dark bool
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
	all := points[0].due[0].interval
	for _, p := range points {
		for _, d := range p.due {
			doc.Counts.add(p.of(d, p.off))
			all = all.with(d.interval)
		}
		p.gaps(doc, names, o.Name)
		one := Interface{Log: lowerID(p.log), MAC: p.mac}
		if o.Name != nil {
			one.Name = o.Name(p.mac)
		}
		doc.Interfaces = append(doc.Interfaces, one)
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

// points returns what was read and what should have been, by log and interface.
func (t *Table) points(names *flow.Names, o Options) []point {
	var points []point
	read := t.read(names)
	byLog := map[string][]*row{}
	for _, p := range read {
		byLog[lowerID(p.log)] = append(byLog[lowerID(p.log)], p.row)
	}
	followed := map[string][]Followed{}
	for _, f := range o.Followed {
		followed[lowerID(f.Log)] = append(followed[lowerID(f.Log)], f)
	}
	dues := map[string][]due{}
	add := func(p point) {
		log := lowerID(p.log)
		if _, ok := dues[log]; !ok {
			dues[log] = o.due(followed[log], byLog[log])
		}
		p.due = notRead(dues[log], followed[log], p.mac)
		p.off, p.why = off(followed[log], p.mac)
		if len(p.due) > 0 {
			p.row = p.row.keptOf(p.due)
			points = append(points, p)
		}
	}
	for _, p := range read {
		add(p)
	}
	for _, f := range o.Followed {
		if _, ok := dues[lowerID(f.Log)]; !ok { // of which interfaces it should have records is not known: it counts as one
			add(point{row: &row{target: names.Of(f.Target)}, log: f.Log})
		}
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Or(cmp.Compare(a.log, b.log), cmp.Compare(a.mac, b.mac)) })
	return points
}

// read are the rows by log and interface, however those are spelled: of a file that
// cannot be read, its path alone names them.
func (t *Table) read(names *flow.Names) []point {
	type key struct{ log, mac string }
	all, targets := map[key]point{}, map[string]flow.ID{}
	for at, r := range t.rows {
		p := point{row: r, log: names.Text(at.Log), mac: names.Text(at.Interface)}
		k := key{lowerID(p.log), strings.ToLower(p.mac)}
		if was := targets[k.log]; was == 0 || r.target != 0 && names.Text(r.target) < names.Text(was) {
			targets[k.log] = r.target
		}
		if was, ok := all[k]; ok {
			p.row = &row{target: cmp.Or(was.target, r.target), hours: slices.Concat(was.hours, r.hours), seen: max(was.seen, r.seen), windows: slices.Concat(was.windows, r.windows)}
			p.log, p.mac = min(p.log, was.log), min(p.mac, was.mac)
		}
		all[k] = p
	}
	points := slices.Collect(maps.Values(all))
	for i := range points {
		points[i].tidy()
		points[i].target = cmp.Or(points[i].target, targets[lowerID(points[i].log)])
	}
	return points
}

// due is when a log with some rows should have recorded: when somebody followed it,
// or as long as it shows.
func (o *Options) due(followed []Followed, rows []*row) []due {
	var found []due
	for _, f := range followed {
		if s := (interval{f.From.Unix() / 60, ceil(f.To)}); s.length() > 0 {
			found = append(found, due{s, !f.Lit})
		}
	}
	slices.SortFunc(found, func(a, b due) int { return cmp.Compare(a.from, b.from) })
	var apart []due
	for _, s := range found {
		if n := len(apart); n > 0 && s.from <= apart[n-1].to {
			apart[n-1].to, apart[n-1].dark = max(apart[n-1].to, s.to), apart[n-1].dark && s.dark
			continue
		}
		apart = append(apart, s)
	}
	for i := range apart {
		s := &apart[i]
		s.dark = s.dark && !slices.ContainsFunc(rows, func(r *row) bool { return r.recorded(s.interval) > 0 })
		s.interval = s.and(o.window(interval{math.MinInt64, math.MaxInt64}))
	}
	if followed == nil {
		var shown []interval
		for _, r := range rows {
			shown = append(append(shown, r.whole()), r.windows...)
		}
		shown = slices.DeleteFunc(shown, func(s interval) bool { return s.length() == 0 })
		if len(shown) > 0 {
			all := shown[0]
			for _, s := range shown[1:] {
				all = all.with(s)
			}
			apart = []due{{o.window(all), false}}
		}
	}
	return slices.DeleteFunc(apart, func(s due) bool { return s.length() == 0 })
}

// window is the minutes that the window touches, as far as it has bounds, which
// are those of a span otherwise.
func (o *Options) window(s interval) interval {
	if !o.Start.IsZero() && o.Start.Unix() > 0 {
		s.from = o.Start.Unix() / 60
	}
	if !o.End.IsZero() {
		s.to = ceil(o.End)
	}
	return s
}

// of reports whether o is of an interface.
func (o Off) of(mac string) bool {
	return o.Interfaces == nil || slices.ContainsFunc(o.Interfaces, func(m string) bool { return strings.EqualFold(m, mac) })
}

// notRead is what is due of an interface without the times in which another log that is
// read has it.
func notRead(all []due, followed []Followed, mac string) []due {
	for _, f := range followed {
		for _, o := range f.Off {
			if o.Read && o.of(mac) {
				all = without(all, interval{ceil(o.From), ceil(o.To)})
			}
		}
	}
	return all
}

// without is what is due but for an interval.
func without(all []due, o interval) (rest []due) {
	if o.length() == 0 {
		return all
	}
	for _, d := range all {
		for _, part := range []interval{d.and(interval{d.from, o.from}), d.and(interval{max(o.from, o.to), d.to})} {
			if part.length() > 0 {
				rest = append(rest, due{part, d.dark})
			}
		}
	}
	return rest
}

// off returns when a log was off for an interface, in order and apart, and why.
func off(followed []Followed, mac string) (found []interval, why []string) {
	var mine []Off
	for _, f := range followed {
		for _, o := range f.Off {
			if !o.Read && o.of(mac) {
				mine = append(mine, o)
			}
		}
	}
	slices.SortStableFunc(mine, func(a, b Off) int { return a.From.Compare(b.From) })
	for _, o := range mine {
		s := interval{ceil(o.From), o.To.Unix() / 60}
		if n := len(found); n > 0 {
			s.from = max(s.from, found[n-1].to)
		}
		if s.length() > 0 {
			found, why = append(found, s), append(why, cmp.Or(o.Why, switched))
		}
	}
	return found, why
}

// ceil is the first whole minute from at on.
func ceil(at time.Time) int64 { return at.Add(time.Minute-1).Unix() / 60 }

// gaps adds the gaps of a point.
func (p *point) gaps(doc *Document, names *flow.Names, name func(string) string) {
	g := Gap{Log: p.log, Target: names.Text(p.target), Interface: p.mac}
	if name != nil && p.mac != "" {
		g.Name = name(p.mac)
	}
	add := func(s interval, minutes int64, state, why string) {
		if minutes <= 0 {
			return
		}
		g.From, g.To, g.Minutes, g.State, g.Why = instant(s.from), instant(s.to), minutes, state, why
		doc.Gaps = append(doc.Gaps, g)
	}
	for _, due := range p.due {
		unknown := notWritten
		if due.dark {
			unknown = never
		}
		for _, m := range p.missed(due.interval, p.off) {
			why := unread
			if p.unkept {
				why = notKept
			}
			add(m.interval, m.minutes, "unknown", why)
		}
		rest := p.after(due)
		for i, o := range p.off {
			if o = o.and(due.interval); o.length() == 0 {
				continue
			}
			add(o, o.length()-p.recorded(o), "unlogged", p.why[i])
			before := rest.and(interval{rest.from, o.from})
			add(before, before.length()-count(p.missed(before, p.off)), "unknown", unknown)
			rest.from = max(rest.from, o.to)
		}
		add(rest, rest.length()-count(p.missed(rest, p.off)), "unknown", unknown)
	}
}

// part is a time in which minutes are missing.
type part struct {
	interval
	minutes int64
}

func count(parts []part) (n int64) {
	for _, p := range parts {
		n += p.minutes
	}
	return n
}

// missed are the times of which nobody could read minutes. Those of hours that
// follow one another are one.
func (r *row) missed(s interval, off []interval) (parts []part) {
	last := int64(math.MinInt64)
	for i := range r.lost() {
		h := &r.hours[i]
		b := h.missed(s, off)
		if b == 0 {
			continue
		}
		m := part{interval{h.at*60 + int64(bits.TrailingZeros64(b)), h.at*60 + int64(bits.Len64(b))}, int64(bits.OnesCount64(b))}
		if n := len(parts); n > 0 && last == h.at-1 {
			parts[n-1].to, parts[n-1].minutes = m.to, parts[n-1].minutes+m.minutes
		} else {
			parts = append(parts, m)
		}
		last = h.at
	}
	return parts
}

// instant is when a minute begins, or the last second that JSON can write.
func instant(minute int64) time.Time {
	const last = 253402300799
	return time.Unix(min(minute*60, last), 0).UTC()
}

// steps counts by time, in steps of a length that divides a day.
func (d *Document) steps(points []point, all interval) {
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
			for _, d := range p.due {
				if d.interval = d.and(interval{at, at + length}); d.length() > 0 {
					s.add(p.of(d, p.off))
				}
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
