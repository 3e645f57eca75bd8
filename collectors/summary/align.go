package summary

import (
	"fmt"
	"slices"
	"time"

	"flowctl/plan/question"
)

// clock says how the rows of a side are told apart by time: as they are, or, where the
// two sides are of different times, by how long after the begin of their side they were.
type clock struct {
	steps   []int64   // by dimension: seconds of a step of time; 0 for other fields
	origin  time.Time // of the side
	last    time.Time // its last record
	aligned bool
}

// has is how much of the step of a row the side has: from its begin to its last record. It
// is not known of rows that are not by time.
func (c *clock) has(key []string) (d time.Duration, ok bool) {
	from, to, ok := c.bounds(key)
	if !ok || !c.aligned || c.origin.IsZero() || c.last.IsZero() {
		return 0, false
	}
	if from.Before(c.origin) {
		from = c.origin
	}
	if end := c.last.Add(time.Second); end.Before(to) {
		to = end
	}
	return max(0, to.Sub(from)), true
}

// shorter says that a side has less of the step of a row than the other one, where it has
// some of it: what is more there may be of that; empty if not.
func (c *clock) shorter(other *clock, key []string) string {
	mine, ok := c.has(key)
	theirs, known := other.has(key)
	if !ok || !known || mine == 0 || theirs-mine < time.Second {
		return ""
	}
	return fmt.Sprintf("of this step there are %v here and %v on the other side", mine.Round(time.Second), theirs.Round(time.Second))
}

// clocks are those of two sides. Times that overlap are compared as they are.
func clocks(by []string, a, b *Document, originA, originB time.Time) (clock, clock) {
	x, y := clock{origin: originA}, clock{origin: originB}
	for _, name := range by {
		length, _ := question.Step(name)
		x.steps = append(x.steps, length)
	}
	y.steps = x.steps
	for _, c := range []*struct {
		of *clock
		d  *Document
	}{{&x, a}, {&y, b}} {
		if c.d.Total.First.Known() {
			c.of.last = c.d.Total.Last.Time()
			if c.of.origin.IsZero() {
				c.of.origin = c.d.Total.First.Time()
			}
		}
	}
	known := a.Total.First.Known() && b.Total.First.Known()
	apart := known && (a.Total.Last.Time().Before(b.Total.First.Time()) || b.Total.Last.Time().Before(a.Total.First.Time()))
	x.aligned = apart && slices.ContainsFunc(x.steps, func(n int64) bool { return n > 0 })
	y.aligned = x.aligned
	return x, y
}

// begin is that of the step in which the side begins.
func (c *clock) begin(step int64) time.Time {
	return c.origin.Truncate(time.Duration(step) * time.Second)
}

// key is the key of a row as it is compared.
func (c *clock) key(key []string) []string {
	if !c.aligned {
		return key
	}
	key = slices.Clone(key)
	for i, step := range c.steps {
		if at, ok := stepTime(key[i]); step > 0 && ok {
			key[i] = after(at.Sub(c.begin(step)))
		}
	}
	return key
}

// bounds is the time on this side of a row with a key as it is compared; ok is false
// if rows are not by time.
func (c *clock) bounds(key []string) (from, to time.Time, ok bool) {
	for i, step := range c.steps {
		if step == 0 {
			continue
		}
		at, is := stepTime(key[i])
		if c.aligned {
			var d time.Duration
			d, is = parseAfter(key[i])
			at = c.begin(step).Add(d)
		}
		if !is {
			continue
		}
		if end := at.Add(time.Duration(step) * time.Second); !ok || end.Before(to) {
			to = end
		}
		if !ok || at.After(from) {
			from = at
		}
		ok = true
	}
	return from, to, ok
}

// stepTime reads a step of time as answers show it.
func stepTime(text string) (time.Time, bool) {
	layout := time.RFC3339
	if len(text) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	at, err := time.Parse(layout, text)
	return at, err == nil
}

// after is how long after the begin of its side something was.
func after(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%02d:%02d:%02d", sign, d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second)
}

func parseAfter(text string) (time.Duration, bool) {
	var sign rune
	var h, m, s time.Duration
	if n, err := fmt.Sscanf(text, "%c%d:%d:%d", &sign, &h, &m, &s); n != 4 || err != nil {
		return 0, false
	}
	d := h*time.Hour + m*time.Minute + s*time.Second
	if sign == '-' {
		d = -d
	}
	return d, true
}
