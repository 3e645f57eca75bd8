package question

import (
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
)

const needsTime = "sources with finer times, such as the flow logs or the captures themselves"

// Step returns how many seconds long the steps are into which a dimension cuts
// time: time(5m), hour and day do. Steps begin at multiples of their length, in
// UTC.
func Step(name string) (seconds int64, ok bool) {
	switch name {
	case "hour":
		return 3600, true
	case "day":
		return 86400, true
	}
	text, found := strings.CutPrefix(name, "time(")
	text, closed := strings.CutSuffix(text, ")")
	if !found || !closed {
		return 0, false
	}
	d, err := time.ParseDuration(text)
	if days, is := strings.CutSuffix(text, "d"); is {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(min(max(n, 0), longestDays+1)) * 24 * time.Hour // more would wrap round
	}
	if err != nil || d < time.Second || d > longestStep || d%time.Second != 0 {
		return 0, false
	}
	return int64(d / time.Second), true
}

const (
	longestDays = 366
	longestStep = longestDays * 24 * time.Hour
)

// Timed reports whether q asks when flows were.
func (q *Question) Timed() bool {
	for _, name := range q.By {
		if _, ok := Step(name); ok {
			return true
		}
	}
	return len(q.Where.Moments()) > 0
}

// TopOf is how many rows a question shows that does not say it: of steps of time
// a day of five minutes, else 20.
func TopOf(by []string) int {
	for _, name := range by {
		if _, ok := Step(name); ok {
			return 288
		}
	}
	return 20
}

// Moments returns the times that e compares time with, in seconds since 1970.
func (e *Expr) Moments() []int64 {
	if e == nil {
		return nil
	}
	var list []int64
	if len(e.Args) == 2 && (e.Args[0].isTime() || e.Args[1].isTime()) {
		for _, a := range e.Args {
			if a.Op == Constant {
				list = append(list, int64(a.Number))
			}
		}
		return list
	}
	for _, a := range e.Args {
		list = append(list, a.Moments()...)
	}
	return list
}

func (e *Expr) isTime() bool { return e.Op == Value && e.Field.Type == Moment }

// noStep says how time is a dimension.
func noStep(name string) string {
	no := quote(name) + " is no step of time. "
	if name == "time" {
		no = "Rows are by steps of time. "
	}
	return no + `Write "time(5m)", with a length of whole seconds from 1s on, or "hour" or "day".`
}

// moment checks a comparison with time, whose values are then numbers: seconds
// since 1970.
func (c *checker) moment(op Op, a, b *Expr, atA, atB hcl.Range) *Expr {
	at := atB
	if !a.isTime() {
		a, b, op, at = b, a, turned(op), atA
	}
	switch {
	case a.Field.Name != "time":
		return c.onlyDimension(a, hcl.RangeBetween(atA, atB))
	case op == And || op == Or || b.Op == Value || b.Op != Constant || b.Type != Text && b.Type != Open:
		return c.refuse("Wrong type", hcl.RangeBetween(atA, atB), `%s is compared with a time in double quotes, such as time >= "2026-11-12T14:00:00Z".`, a.Field.Name)
	case b.Type == Open:
		return &Expr{Op: op, Type: Truth, Args: []*Expr{a, b}}
	}
	t, problem := instant(b.Text)
	if problem != "" {
		return c.refuse("Invalid time", at, "%q %s", b.Text, problem)
	}
	return &Expr{Op: op, Type: Truth, Args: []*Expr{{Op: Value, Type: Number, Field: a.Field}, {Type: Number, Number: float64(t.Unix())}}}
}

// onlyDimension refuses a step of time in a condition.
func (c *checker) onlyDimension(x *Expr, at hcl.Range) *Expr {
	return c.refuse("Wrong type", at, `%s is a dimension, for by. Select times with time, such as time >= "2026-11-12T14:00:00Z" && time < "2026-11-13T00:00:00Z".`, x.Field.Name)
}

// turned is a comparison seen from its other side.
func turned(op Op) Op {
	switch op {
	case Less:
		return Greater
	case LessOrEqual:
		return GreaterOrEqual
	case Greater:
		return Less
	case GreaterOrEqual:
		return LessOrEqual
	}
	return op
}

// instant reads a time to the second, or a day for its beginning in UTC.
func instant(text string) (time.Time, string) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		t, err := time.Parse(form, text)
		switch {
		case err != nil:
		case t.Nanosecond() != 0:
			return t, "has a part of a second; flows are told apart by whole seconds. Write " + quote(t.Truncate(time.Second).Format(time.RFC3339)) + "."
		default:
			return t, ""
		}
	}
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(form, text); err == nil {
			return t, "has no zone. If it is UTC, write " + quote(t.Format(time.RFC3339)) + "."
		}
	}
	return time.Time{}, `is not a time. Write it as RFC 3339 with a zone, such as "2026-11-12T14:00:00Z", or a day of UTC, such as "2026-11-12".`
}
