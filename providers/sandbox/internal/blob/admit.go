package blob

import (
	"net/http"
	"strconv"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/world"
)

// Guard is what stands between clients and blobs. The zero value lets
// everything pass.
type Guard struct {
	World  *world.World // which they are of; nil: none
	Faults *fault.Set   // nil: none

	// Permits reports whether the sender of a request may do something at a
	// scope; nil: everything.
	Permits func(r *http.Request, scope plan.ID, action string, data bool) bool
}

// admit refuses what the caller may not do and what a fault of the world
// strikes.
func (q *request) admit(a Account) error {
	if a.Closed {
		return errFirewall
	}
	if q.op == nil {
		return nil
	}
	if permits := q.s.guard.Permits; permits != nil && (q.bearer() || q.query.Has("skoid")) && q.op.action != "" {
		scope := a.ID
		if q.container != "" {
			scope += plan.ID("/blobServices/default/containers/" + q.container)
		}
		if !permits(q.r, scope, q.op.action, q.op.data) {
			return errPermission
		}
	}
	if q.s.guard.Faults.Empty() {
		return nil
	}
	path := q.container + "/" + q.blob
	if q.comp == "list" {
		path = q.container + "/" + q.query.Get("prefix") + "*"
	}
	struck, err := q.s.guard.Faults.Strike(q.r.Context(), fault.Call{Operation: q.op.fault, Thing: a.Name + "/" + path,
		Names: []string{a.Name, string(a.ID), q.container, path, q.blob}, Region: a.Region}, q.now)
	if err != nil {
		return err
	}
	return q.strike(struck)
}

func (q *request) strike(struck []*world.Fault) error {
	for _, f := range struck {
		q.s.log.Debug("a fault of the world strikes", "fault", f.Name, "effect", f.Effect, "method", q.r.Method, "path", q.r.URL.Path)
		switch f.Effect {
		case world.Slow:
			if err := q.s.clock.Sleep(q.r.Context(), f.Delay); err != nil {
				return err
			}
			q.now = q.s.clock.Now()
		case world.Reset:
			fault.Cut(q.r)
		case world.ResetAfter:
			q.w = &cutting{ResponseWriter: q.w, r: q.r, left: f.Bytes}
		case world.Refuse:
			if f.RetryAfter > 0 {
				q.w.Header().Set("Retry-After", strconv.FormatInt(max(1, int64(f.RetryAfter/time.Second)), 10))
			}
			return refusal(f.Status, f.Code, f.Message)
		}
	}
	return nil
}

// cutting breaks the connection in the middle of what is read, or where
// something was written before the answer.
type cutting struct {
	http.ResponseWriter
	r    *http.Request
	left int64 // bytes of the body that come through; 0: half of it
	body bool  // the header is out
}

// WriteHeader sends the header of an answer with a body.
func (c *cutting) WriteHeader(status int) {
	if c.r.Method != http.MethodGet {
		fault.Cut(c.r)
	}
	if n, err := strconv.ParseInt(c.Header().Get("Content-Length"), 10, 64); err == nil && c.left == 0 {
		c.left = n / 2
	}
	c.body = true
	c.ResponseWriter.WriteHeader(status)
}

// Write sends what comes through.
func (c *cutting) Write(p []byte) (int, error) {
	if !c.body {
		c.WriteHeader(http.StatusOK)
	}
	if int64(len(p)) <= c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	// What the client has received by then is as little certain as with a
	// real connection; errors are of one that is broken already.
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	fault.Cut(c.r)
	return 0, nil
}
