package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flowctl/plan"
)

// A flow log's records are written some minutes after they were closed, at times
// much later. How late is read from what is there: the time of the newest record
// against the time at which its blob was written, so that one look is enough and
// a step of a scheduler knows as much as a run that waits. After its end the
// records of a log are awaited by that, up to a limit that is said.

// minute is what a record is of. Its time is that at which it was closed, so
// that what was seen after it is in the next one.
const minute = time.Minute

// learn notes the newest record that there is, and how late it came.
func (r *Run) learn(ctx context.Context, t *tracked, bytes int64) {
	if bytes != t.bytes || t.newest.IsZero() && bytes > 0 {
		if newest, written, err := r.files.Newest(ctx, r.want(t)); err == nil && newest.After(t.newest) {
			t.newest = newest
			t.late = max(t.late, written.Sub(newest))
		}
	}
	t.bytes, t.looked = bytes, true
}

// lookLate looks at what a flow log that has ended still writes.
func (r *Run) lookLate(ctx context.Context, t *tracked) {
	if n, err := r.files.Measure(ctx, r.want(t)); err == nil {
		r.learn(ctx, t, n)
	}
	settled := r.settled(t)
	if t.awaited || r.settle(t) <= r.Limits.Settle || r.clock.Now().Before(r.end(t).Add(r.Limits.Settle)) {
		return
	}
	t.awaited = true
	limit := r.end(t).Add(r.Limits.Late)
	text := fmt.Sprintf("no record has arrived yet; they are awaited until %s", limit.UTC().Format(time.RFC3339))
	if !t.newest.IsZero() {
		text = fmt.Sprintf("records came up to %s late; the last are awaited until %s, and until %s at most",
			plan.Duration(t.late), settled.UTC().Format(time.RFC3339), limit.UTC().Format(time.RFC3339))
	}
	r.emit(t.event(Waiting, text))
}

// end is when t stopped recording, or is to.
func (r *Run) end(t *tracked) time.Time {
	if t.entry.Ended != nil {
		return t.entry.Ended.At
	}
	return t.ends
}

// settleLog is how long after its end a flow log's last records are there, as
// far as can be told now: as late as any came, and where none has come, the
// limit. That one record of the last minute is there says nothing of the other
// interfaces. Whoever stopped it does not wait for longer than usual.
func (r *Run) settleLog(t *tracked) time.Duration {
	if r.standing() { // what it still writes is read from storage, period by period
		return 0
	}
	if r.run.Stopped && r.run.Limit == "" || t.drop != "" {
		return r.Limits.Settle
	}
	return r.Limits.SettleLog(t.late, !t.newest.IsZero())
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// missing adds to the reason for which a flow log ended what had not arrived.
func (r *Run) missing(t *tracked) {
	e := t.entry.Ended
	if e == nil || !t.isLog() || !t.looked || strings.Contains(e.Reason, "arrived by") {
		return
	}
	now, late := r.clock.Now().UTC().Format(time.RFC3339), ""
	switch {
	case t.newest.IsZero():
		late = "; no record had arrived by " + now
	case t.late > r.Limits.Settle && t.newest.Before(earlier(e.At, t.ends).Add(-minute).Truncate(minute)):
		late = fmt.Sprintf("; records came up to %s late, and none of after %s had arrived by %s", plan.Duration(t.late), t.newest.UTC().Format(time.RFC3339), now)
	}
	t.explain(late)
}

// explain adds to the reason for which a session ended. A fact that was noted
// may be on its way to the ledger, so it is replaced and not written to.
func (t *tracked) explain(more string) {
	ended := *t.entry.Ended
	ended.Reason += more
	t.entry.Ended = &ended
}
