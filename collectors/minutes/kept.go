package minutes

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"flowctl/collectors/flow"
)

// kept is what a table says in JSON, as flows that are kept carry it with them.
type kept struct {
	Start    time.Time   `json:"start,omitzero"` // the window of what is kept
	End      time.Time   `json:"end,omitzero"`
	Followed []Followed  `json:"followed,omitempty"`
	Points   []keptPoint `json:"points"`
}

// keptPoint is a row.
type keptPoint struct {
	Log       string     `json:"log"`
	Interface string     `json:"interface"`
	Target    string     `json:"target,omitempty"`
	Seen      int64      `json:"seen,omitempty"` // the minute after the last record, which may be behind the window
	Hours     []keptHour `json:"hours,omitempty"`
}

// keptHour is what all sources say of an hour.
type keptHour struct {
	At       int64 `json:"at"` // since 1970
	Recorded set   `json:"recorded,omitempty"`
	Lost     set   `json:"lost,omitempty"`
	Covered  set   `json:"covered,omitempty"`
	Begun    int   `json:"begun,omitempty"`
	Ended    int   `json:"ended,omitempty"`
}

// set is minutes of an hour, in JSON hexadecimal: the lowest bit is the first.
type set uint64

// MarshalText implements encoding.TextMarshaler.
func (s set) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(s), 16), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *set) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 16, 60)
	*s = set(n)
	return err
}

// mostKept is how many hours of interfaces are kept.
const mostKept = 1 << 18

// ErrTooMany says that a table has more than is kept.
var ErrTooMany = errors.New("too many hours of interfaces")

// Keep is what the table says of the window of o, and o of what should have been
// recorded, as JSON for Restore; nil if no flow log was read. The error is
// ErrTooMany, or nil.
func (t *Table) Keep(names *flow.Names, o Options) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := kept{Start: o.Start, End: o.End, Points: []keptPoint{}}
	hours := 0
	points := t.points(names, Options{Followed: o.Followed})
	for _, p := range points {
		if p.mac == "" && len(p.hours) == 0 {
			continue // a log of which nothing was read: who followed it says so
		}
		at := keptPoint{Log: p.log, Interface: p.mac, Target: names.Text(p.target), Seen: p.last()}
		for i := range p.hours {
			if h := p.hours[i].keep(o); h.At >= 0 && h.At <= lastHour && h != (keptHour{At: h.At}) {
				at.Hours = append(at.Hours, h)
			}
		}
		if hours += len(at.Hours); hours > mostKept {
			return nil, ErrTooMany
		}
		k.Points = append(k.Points, at)
	}
	for _, f := range o.Followed {
		k.Followed = append(k.Followed, o.clip(f, points))
	}
	if len(k.Points)+len(k.Followed) == 0 {
		return nil, nil
	}
	return json.Marshal(k)
}

// keep is an hour as far as the window goes.
func (h *hour) keep(o Options) keptHour {
	in := o.window(interval{h.at * 60, h.at*60 + 60}).minutes(h.at)
	out := keptHour{h.at, set(h.bits & in), set(h.missing() & in), set(h.covered & in), h.begun, h.ended}
	if in != wholeHour { // what was covered before and behind all records is with covered
		out.Begun, out.Ended = 0, 0
		out.Covered = set((wholeHour &^ h.missing()) & in)
	}
	return out
}

// clip is a followed log as far as the window goes. Whether it has records is said
// of all of its time.
func (o Options) clip(f Followed, points []point) Followed {
	from := f.From.Unix() / 60
	f.Lit = f.Lit || slices.ContainsFunc(points, func(p point) bool {
		return lowerID(p.log) == lowerID(f.Log) && slices.ContainsFunc(p.due, func(d due) bool { return d.from <= from && from < d.to && !d.dark })
	})
	if !o.Start.IsZero() && o.Start.After(f.From) {
		f.From = o.Start
	}
	if !o.End.IsZero() && o.End.Before(f.To) {
		f.To = o.End
	}
	return f
}

// keptOf is a row of which flows of some windows were kept: what else is due may have
// been recorded.
func (r *row) keptOf(due []due) *row {
	if len(r.windows) == 0 {
		return r
	}
	o := &row{target: r.target, hours: slices.Clone(r.hours), seen: r.seen, windows: r.windows}
	o.tidy()
	o.unkept = !o.lossy
	for _, d := range due {
		for at := max(0, d.from/60); at <= min(lastHour, d.to/60) && len(o.hours) < mostKept; at++ {
			lost := d.minutes(at)
			for _, w := range r.windows {
				lost &^= w.minutes(at)
			}
			if lost != 0 {
				o.hours = append(o.hours, hour{at: at, lost: lost})
			}
		}
	}
	o.tidy()
	return o
}

// lastHour is the last one of which JSON can write the time.
const lastHour = 253402300799 / 3600

// Restore adds what Keep returned, and returns who followed the logs.
func (t *Table) Restore(text []byte, names *flow.Names) ([]Followed, error) {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range k.Points {
		at := Point{Log: names.Of(p.Log), Interface: names.Of(p.Interface)}
		r := t.row(at)
		if p.Target != "" && r.target == 0 {
			r.target = names.Of(p.Target)
		}
		r.seen = max(r.seen, min(p.Seen, lastHour*60))
		if !k.Start.IsZero() && k.Start.Before(k.End) {
			r.windows = append(r.windows, interval{k.Start.Unix() / 60, ceil(k.End)})
		}
		for _, h := range p.Hours {
			if h.At < 0 || h.At > lastHour || min(h.Begun, h.Ended) < 0 || max(h.Begun, h.Ended) > 60 {
				return nil, errors.New("an hour makes no sense")
			}
			r.add(hour{h.At, uint64(h.Recorded), uint64(h.Lost), uint64(h.Covered), h.Begun, h.Ended})
		}
	}
	return k.Followed, nil
}
