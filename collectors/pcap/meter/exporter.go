package meter

import (
	"sync/atomic"

	"flowctl/collectors/flow"
)

// exporter hands records on in batches, from one goroutine.
type exporter struct {
	emit    func(flow.Batch) bool
	stamp   flow.Record // what all records have in common
	list    flow.Batch
	stopped *atomic.Bool // somebody wants no more
}

func newExporter(stamp flow.Record, emit func(flow.Batch) bool, stopped *atomic.Bool) *exporter {
	return &exporter{emit: emit, stamp: stamp, list: make(flow.Batch, 0, batch), stopped: stopped}
}

// export appends the record of e, which is entry i of t, if anything was counted.
func (x *exporter) export(t *conversations, i int, e *entry, s flow.State) {
	if e.empty() {
		return
	}
	x.list = append(x.list, x.stamp)
	e.record(t.endsOf(i, e), &x.list[len(x.list)-1], s, t.brief)
	if len(x.list) == batch {
		x.send()
	}
}

// send hands on what has come together.
func (x *exporter) send() {
	if len(x.list) > 0 && !x.stopped.Load() && !x.emit(x.list) {
		x.stopped.Store(true)
	}
	x.list = x.list[:0]
}
