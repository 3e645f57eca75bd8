package collectors

import (
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/identity"
)

// recordEvidence tells the reader of a source which records were met before. What
// they say counts for the source, and as repeated.
type recordEvidence struct {
	r      *reading
	j      *job
	w      *worker
	source *identity.Source
	wants  func(*flow.Record) bool
	id     flow.RecordID                        // of the record that was met last
	met    identity.Met                         // the same
	others map[uint32]func(r *flow.Record) bool // what other views want

	minutes minutesMet
}

func (r *reading) evidence(j *job, w *worker) *recordEvidence {
	return &recordEvidence{r: r, j: j, w: w, source: r.identity.Source(j.Path, r.views.number(r.view(j))), wants: r.view(j).filter(r.names), minutes: minutesMet{of: &j.minutes, last: flow.NoMinute}}
}

// Meet reports whether a record counts. If that cannot be told any more, it does,
// and the run ends in an error.
func (e *recordEvidence) Meet(id flow.RecordID) bool {
	e.id = id
	if id.Minute != flow.NoMinute && !id.Interval {
		e.minutes.meet(id, e.j.due(id.Minute))
	}
	if id.Content == [2]uint64{} {
		return true
	}
	met, err := e.source.Meet(id)
	if err != nil {
		e.r.mu.Lock()
		e.r.identityErr = err
		e.r.mu.Unlock()
	}
	e.met = met
	return !met.Again
}

// Lost notes that a part of the source could not be read.
func (e *recordEvidence) Lost() { e.minutes.lose() }

// Repeat counts what a record says that was met before, and returns what was
// not wanted then.
func (e *recordEvidence) Repeat(b flow.Batch) flow.Batch {
	var again, more flow.Batch
	lost := flow.Repeat{Source: e.met.Loser}
	for i := range b {
		r := &b[i]
		switch {
		case !e.wants(r):
			continue
		case !e.counted(r):
			more = append(more, *r)
			continue
		}
		again = append(again, *r)
		lost.Records++
		lost.Packets += r.Sent.Packets + r.Received.Packets
		lost.IPBytes += r.Sent.IPBytes + r.Received.IPBytes
		lost.Measured |= r.Measured
	}
	if len(again) > 0 {
		e.w.table.Repeat(e.j.number, again)
		e.r.identity.Lost(lost)
	}
	return more
}

// counted reports whether an observation of the record that was met last was
// counted then.
func (e *recordEvidence) counted(r *flow.Record) bool {
	for _, n := range e.met.Counted {
		wants := e.others[n]
		if wants == nil {
			if e.others == nil {
				e.others = map[uint32]func(*flow.Record) bool{}
			}
			wants = e.r.views.of(n).filter(e.r.names)
			e.others[n] = wants
		}
		if wants(r) {
			return true
		}
	}
	return e.met.Counted == nil
}

// logOf is the flow log that a path names, in the form of the records, which
// most often name it themselves.
func logOf(path string) string {
	p, ok := flowlog.ParsePath(path)
	switch {
	case !ok:
		return ""
	case p.NSG != "":
		return string(p.NSG)
	}
	return "/subscriptions/" + p.Subscription + "/resourceGroups/" + p.ResourceGroup +
		"/providers/Microsoft.Network/networkWatchers/" + p.Watcher + "/flowLogs/" + p.FlowLog
}

// due reports whether a minute is in the window of the item itself, if it has one.
func (j *job) due(minute int64) bool {
	return (j.Start.IsZero() || minute >= j.Start.Unix()/60) && (j.End.IsZero() || minute*60 < j.End.Unix())
}
