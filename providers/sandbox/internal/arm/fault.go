package arm

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// Fate is what a fault has in store for something that a client made.
type Fate struct {
	Failed        bool      `json:"failed,omitempty"`         // it came to the state Failed
	End           time.Time `json:"end,omitzero"`             // of a capture, before its time
	Reason        string    `json:"reason,omitempty"`         // of the end; empty: its agent stopped
	StorageFailed bool      `json:"storage_failed,omitempty"` // a capture's file is lost
}

// strike lets the world's faults have their effect on the request: those that
// come before it at once, those of what it does in strikeWrite.
func (q *request) strike(c call) error {
	if q.faults.Empty() {
		return nil
	}
	st, err := q.State()
	if err != nil {
		return err
	}
	if q.struck, err = q.faults.Strike(q.r.Context(), q.faultCall(st, c), q.now); err != nil {
		return err
	}
	for _, f := range q.struck {
		q.log.Debug("a fault of the world strikes", "fault", f.Name, "effect", f.Effect, "method", q.r.Method, "path", q.r.URL.Path)
		switch f.Effect {
		case world.Slow:
			if err := q.clock.Sleep(q.r.Context(), f.Delay); err != nil {
				return err
			}
			q.now = q.clock.Now()
		case world.Reset:
			fault.Cut(q.r)
		case world.Refuse:
			return refusedBy(f)
		}
	}
	return nil
}

// refusedBy is the answer that a fault gives.
func refusedBy(f *world.Fault) *Error {
	e := &Error{Status: f.Status, Code: f.Code, Message: f.Message}
	if f.RetryAfter > 0 {
		e.header = http.Header{"Retry-After": {retryAfter(f.RetryAfter)}}
	}
	return e
}

// retryAfter is a duration in the whole seconds of the header, at least one.
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}

// update changes the state as the request and the faults that struck it want.
// It hides the server's own, and answers of reads that are stale come from the
// state that it has seen before.
func (q *request) update(ctx context.Context, change func(*State) error) error {
	return q.Server.update(ctx, func(st *State) error {
		if !slices.ContainsFunc(q.struck, func(f *world.Fault) bool { return f.Effect != world.ResetAfter && f.Effect != world.Slow }) {
			return change(st)
		}
		before := st.Clone()
		if err := change(st); err != nil {
			return err
		}
		q.strikeWrite(before, st)
		return nil
	})
}

// strikeWrite changes what a write has come to.
func (q *request) strikeWrite(before, st *State) {
	id := q.asked.id
	for _, f := range q.struck {
		switch f.Effect {
		case world.Fail:
			q.fail(before, st, f, id)
		case world.Stale:
			q.stale.add(id, before, q.now.Add(f.Delay))
		case world.KeepTarget:
			q.keepTarget(before, st, f, id)
		case world.AgentStopped, world.SizeReached, world.StorageFailed:
			q.doom(st, f, id)
		}
	}
}

// fail lets the operation that the write has begun fail. What was to be made
// is there in the state Failed; all else is as it was.
func (q *request) fail(before, st *State, f *world.Fault, id plan.ID) {
	if len(st.Operations) <= len(before.Operations) {
		return // there was nothing to do
	}
	op := st.Operations[len(st.Operations)-1]
	op.Failed = &Error{Status: http.StatusOK, Code: f.Code, Message: f.Message}
	made := q.r.Method == http.MethodPut
	if l := st.flowLog(id, q.now); l != nil {
		if old := before.flowLog(id, q.now); old != nil {
			*l = *old
		} else {
			l.end(l.Ready)
		}
		if made {
			l.fate().Failed = true
		}
	}
	if c := st.capture(id, q.now); c != nil {
		if old := before.capture(id, q.now); old != nil {
			*c = *old
		} else {
			fate := c.fate()
			fate.Failed, fate.End = true, c.Start
		}
	}
	if w := st.watcher(id, q.now); w != nil && !made { // its children go on as well
		st.Watchers, st.FlowLogs, st.Captures = before.Watchers, before.FlowLogs, before.Captures
	}
	if strings.EqualFold(lastType(id), "extensions") {
		st.Extensions = before.Extensions
	}
}

func lastType(id plan.ID) string {
	typ := id.Type()
	return typ[strings.LastIndexByte(typ, '/')+1:]
}

// fate is to be changed, and so no other state's.
func (l *FlowLog) fate() *Fate {
	l.Fate = l.Fate.own()
	return l.Fate
}

func (c *Capture) fate() *Fate {
	c.Fate = c.Fate.own()
	return c.Fate
}

func (f *Fate) own() *Fate {
	if f == nil {
		return &Fate{}
	}
	own := *f
	return &own
}

// keepTarget gives a flow log another target than the one asked for, which
// only reading it back can tell. Users have seen a service that kept the old
// target on an update and reported success (terraform-provider-azurerm #31136).
func (q *request) keepTarget(before, st *State, f *world.Fault, id plan.ID) {
	l, old := st.flowLog(id, q.now), before.flowLog(id, q.now)
	other := f.OtherTarget
	if other == "" && old != nil {
		other = old.Settings.Target
	}
	if l == nil || other == "" {
		return
	}
	l.Settings.Target = other
	l.restart(l.Ready)
}

// doom lets a capture end otherwise than was asked for.
func (q *request) doom(st *State, f *world.Fault, id plan.ID) {
	c := st.capture(id, q.now)
	if c == nil {
		return
	}
	switch f.Effect {
	case world.AgentStopped:
		c.fate().End = c.Start.Add(f.Delay).UTC()
	case world.SizeReached:
		fate := c.fate()
		fate.End, fate.Reason = c.Start.Add(f.Delay).UTC(), traffic.SizeExceeded
	case world.StorageFailed:
		c.fate().StorageFailed = true
	}
}

// cutShort is the end of a machine's part of a capture if the fault comes
// before e.
func (f *Fate) cutShort(e ending, size func(time.Time) int64) ending {
	if f == nil || f.End.IsZero() || !e.at.IsZero() && !f.End.Before(e.at) {
		return e
	}
	return ending{at: f.End, reason: f.Reason, size: size(f.End)}
}

// tell adds what went wrong to the status of a capture that has ended.
func (f *Fate) tell(doc *captureStatusDoc, e ending) {
	problem := ""
	switch {
	case f == nil:
	case f.Failed:
		problem = "CaptureFailed"
	case f.StorageFailed:
		problem = "StorageFailed"
	case e.at.Equal(f.End) && f.Reason == "":
		problem = "AgentStopped"
	}
	if problem != "" {
		doc.Status, doc.Reason, doc.Errors = "Error", "", []string{problem}
	}
}

// lost reports whether a capture leaves no file.
func (f *Fate) lost() bool { return f != nil && (f.StorageFailed || f.Failed) }

// failed reports whether the creation came to nothing.
func (f *Fate) failed() bool { return f != nil && f.Failed }

// targets are what a recording is of: of the one that there is, and of the one
// that the request asks for.
func (q *request) targets(st *State, id plan.ID) []plan.ID {
	var all []plan.ID
	if l := st.flowLog(id, q.now); l != nil {
		all = append(all, l.Settings.Target)
	}
	if c := st.capture(id, q.now); c != nil {
		all = append(all, c.Settings.Target)
	}
	if q.r.Method != http.MethodPut || !strings.EqualFold(id.Parent().Type(), watcherType) {
		return all
	}
	target, _ := q.wanted()
	if target != "" {
		all = append(all, target)
	}
	return all
}

// wanted is the target and the storage account of the recording that a PUT
// asks for. The body can be read again afterwards.
func (q *request) wanted() (target, storage plan.ID) {
	var body struct {
		Properties struct {
			Flow    plan.ID        `json:"targetResourceId"`
			Storage plan.ID        `json:"storageId"`
			Capture plan.ID        `json:"target"`
			Place   CaptureStorage `json:"storageLocation"`
		} `json:"properties"`
	}
	if json.Unmarshal(q.peek(), &body) != nil {
		return "", "" // which the service itself will say
	}
	p := body.Properties
	if p.Flow != "" {
		return p.Flow, p.Storage
	}
	return p.Capture, p.Place.Storage
}
