package operation

import (
	"path"
	"reflect"
	"time"

	"flowctl/collectors/storage"
	"flowctl/plan"
	"flowctl/plan/session"
)

// spansRead are the times that count of what sessions read, by their names. Where targets that
// share a log have others, all of it counts.
func spansRead(m session.Manifest) map[string][]plan.Span {
	out := map[string][]plan.Span{}
	differ := map[string]bool{}
	for _, s := range m.Sessions {
		old, known := out[s.Name]
		differ[s.Name] = differ[s.Name] || known && !reflect.DeepEqual(old, s.Spans)
		out[s.Name] = s.Spans
	}
	for name, d := range differ {
		if d {
			delete(out, name)
		}
	}
	return out
}

// cutOf is what counts of the file of one hour of a flow log: what of it is in spans. It can have
// records of the end of the hour before. Both are the same where nothing does, and zero where all
// counts.
func cutOf(spans []plan.Span, a session.Artifact) (start, end time.Time) {
	hour, err := time.Parse("20060102T15", path.Base(path.Dir(a.Path)))
	if len(spans) == 0 || err != nil { // rows are asked for by their times
		return start, end
	}
	from, to := hour.Add(-storage.Late), hour.Add(time.Hour)
	for _, s := range spans {
		lo, hi := s.From, s.To
		if lo.Before(from) {
			lo = from
		}
		if hi.After(to) {
			hi = to
		}
		if !lo.Before(hi) {
			continue
		}
		if start.IsZero() || lo.Before(start) {
			start = lo
		}
		if hi.After(end) {
			end = hi
		}
	}
	if start.IsZero() {
		return hour, hour
	}
	return start, end
}
