package collectors

import (
	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/identity"
	"flowctl/collectors/minutes"
)

// recordEvidence tells the reader of a source which records were met before. What
// they say counts for the source, and as repeated.
type recordEvidence struct {
	r      *reading
	j      *job
	w      *worker
	source *identity.Source
	within func(flow.Batch) (kept flow.Batch, outside uint64)
	loser  string // of the record that was met last

	// Minutes that were recorded and are not in the run's table yet.
	point  minutes.Point
	target flow.ID
	hour   int64
	bits   uint64
}

func (r *reading) evidence(j *job, w *worker) *recordEvidence {
	return &recordEvidence{r: r, j: j, w: w, source: r.identity.Source(j.Path), within: r.within(j)}
}

// Meet reports whether a record counts. If that cannot be told any more, it does,
// and the run ends in an error.
func (e *recordEvidence) Meet(id flow.RecordID) bool {
	if id.Minute != flow.NoMinute {
		e.recorded(id)
	}
	if id.Content == [2]uint64{} {
		return true
	}
	loser, again, err := e.source.Meet(id)
	if err != nil {
		e.r.mu.Lock()
		e.r.identityErr = err
		e.r.mu.Unlock()
	}
	e.loser = loser
	return !again
}

// recorded notes the minute of a record.
func (e *recordEvidence) recorded(id flow.RecordID) {
	p := minutes.Point{Log: id.Log, Interface: id.Point}
	hour := (id.Minute - (id.Minute%60+60)%60) / 60
	if p != e.point || hour != e.hour {
		e.end()
		e.point, e.hour = p, hour
	}
	e.target = id.Target
	e.bits |= 1 << (id.Minute - hour*60)
}

// end hands over what was noted.
func (e *recordEvidence) end() {
	e.r.minutes.Add(e.point, e.target, e.hour, e.bits)
	e.bits = 0
}

// Repeat counts what a record says that was met before.
func (e *recordEvidence) Repeat(b flow.Batch) {
	b, _ = e.within(b)
	if len(b) == 0 {
		return
	}
	e.w.table.Repeat(e.j.number, b)
	lost := flow.Repeat{Source: e.loser, Records: uint64(len(b))}
	for i := range b {
		lost.Packets += b[i].Sent.Packets + b[i].Received.Packets
		lost.IPBytes += b[i].Sent.IPBytes + b[i].Received.IPBytes
		lost.Measured |= b[i].Measured
	}
	e.r.identity.Lost(lost)
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
