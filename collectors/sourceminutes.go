package collectors

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/minutes"
)

// sourceMinutes is what one source says of minutes: which were recorded, and between which
// something could not be read. It may be used by several goroutines.
type sourceMinutes struct {
	mu      sync.Mutex
	hours   map[pointHour]uint64
	targets map[minutes.Point]flow.ID
	lost    [][2]int64 // from a minute to another one, both included
	last    int64      // minute of a record; flow.NoMinute for none
}

// pointHour is an hour since 1970 of what a log records.
type pointHour struct {
	minutes.Point
	hour int64
}

// minutesMet is what one worker meets of a source.
type minutesMet struct {
	of     *sourceMinutes
	point  minutes.Point
	target flow.ID
	hour   int64
	bits   uint64 // of it, that are not with the source's yet
	last   int64  // minute of the record before; flow.NoMinute for none
	lost   bool   // something behind it could not be read
}

// meet notes a record. It counts as recorded if it is due.
func (m *minutesMet) meet(id flow.RecordID, due bool) {
	hour := hourOf(id.Minute)
	if m.lost {
		m.lost = false
		from := m.last
		if from == flow.NoMinute {
			from = hour * 60
		}
		m.of.lose(from, id.Minute)
	}
	m.last = id.Minute
	if p := (minutes.Point{Log: id.Log, Interface: id.Point}); p != m.point || hour != m.hour {
		m.end()
		m.point, m.hour = p, hour
	}
	m.target = id.Target
	if due {
		m.bits |= 1 << (id.Minute - hour*60)
	}
}

func hourOf(minute int64) int64 { return (minute - (minute%60+60)%60) / 60 }

// lose notes that something behind the record before could not be read.
func (m *minutesMet) lose() {
	m.of.mu.Lock()
	m.last = max(m.last, m.of.last) // of those who read what comes before in the source
	m.of.mu.Unlock()
	m.lost = true
}

// end hands over what was noted.
func (m *minutesMet) end() {
	l := m.of
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = max(l.last, m.last)
	if m.point == (minutes.Point{}) {
		return
	}
	if l.hours == nil {
		l.hours, l.targets = map[pointHour]uint64{}, map[minutes.Point]flow.ID{}
	}
	l.hours[pointHour{m.point, m.hour}] |= m.bits
	l.targets[m.point] = m.target
	m.bits = 0
}

// lose notes that something between two minutes could not be read.
func (l *sourceMinutes) lose(from, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = append(l.lost, [2]int64{min(from, to), max(from, to)})
}

// finish notes what of the end of the source could not be read. If nothing could
// be, its path alone says what it would have been.
func (m *minutesMet) finish(path string, names *flow.Names) {
	m.end()
	if !m.lost {
		return
	}
	if m.last != flow.NoMinute {
		m.of.lose(m.last, hourOf(m.last)*60+59)
		return
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst") // as somebody who keeps them packs them
	if p, ok := flowlog.ParsePath(path); ok {
		at := p.Hour.Unix() / 60
		m.point, m.hour = minutes.Point{Log: names.Of(logOf(path)), Interface: names.Of(p.MAC)}, hourOf(at)
		m.end()
		m.of.lose(at, at+59)
	}
}

// mostLost is how many hours of all interfaces a source may lose: times of a damaged
// file may be anything.
const mostLost = 1 << 18

// losses are the hours that a source lost something of, with the minutes from and to,
// each time once.
func (l *sourceMinutes) losses(most int) iter.Seq2[int64, uint64] {
	slices.SortFunc(l.lost, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	return func(yield func(int64, uint64) bool) {
		hour, bits := int64(math.MinInt64), uint64(0)
		for _, between := range l.lost {
			for at := max(hour, hourOf(between[0])); at <= hourOf(between[1]) && most > 0; at++ {
				if at != hour {
					if most--; bits != 0 && !yield(hour, bits) {
						return
					}
					hour, bits = at, 0
				}
				bits |= minutes.Bits(between[0], between[1]+1, at)
			}
		}
		if bits != 0 {
			yield(hour, bits)
		}
	}
}

// tell tells the run's table what the source says.
func (l *sourceMinutes) tell(t *minutes.Table) {
	said, last, first := map[pointHour]minutes.Hour{}, map[minutes.Point]int64{}, map[minutes.Point]int64{}
	for at, bits := range l.hours {
		said[at] = minutes.Hour{At: at.hour, Recorded: bits}
		if was, ok := last[at.Point]; !ok || at.hour > was {
			last[at.Point] = at.hour
		}
		if was, ok := first[at.Point]; !ok || at.hour < was {
			first[at.Point] = at.hour
		}
	}
	for hour, bits := range l.losses(mostLost / max(1, len(last))) {
		for p := range last {
			at := pointHour{p, hour}
			h := said[at]
			h.At, h.Lost = hour, bits
			said[at] = h
		}
	}
	for at, h := range said {
		h.Earlier = at.hour > first[at.Point]
		h.Later = at.hour < last[at.Point]
		t.Add(at.Point, l.targets[at.Point], h)
	}
}
