package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"flowctl/collectors/summary"
)

// timelineChart is the timeline as bars. Places across are percentages, so
// that the chart is as wide as the page without scaling its text; places down
// are pixels.
type timelineChart struct {
	ID            string
	Height        int
	Mark          int // where the marks of times end
	Bytes         timelinePanel
	Denied        *timelinePanel // nil where nothing was denied
	Hits          []timelineBar  // a slot's whole height, for its text
	Wide, Narrow  []timelineTick // ticks of time, for wide and narrow pages
	Note, Describ string
}

// timelinePanel is one row of bars with its own axis.
type timelinePanel struct {
	Title     string
	Refused   bool // all that it shows was
	Top, Base int
	Bars      []timelineBar
	Ticks     []timelineTick // of the heights
}

type timelineBar struct {
	X, Y, Width, Height, Text string
	From, To                  string // of a slot: RFC 3339
	Bytes, Denied             uint64
}

type timelineTick struct{ At, Text string }

const (
	slotLimit    = 120
	panelTop     = 12
	panelHeight  = 180
	askHeight    = 64
	axisHeight   = 28 // below a panel, for the times
	deniedHeight = 44
)

// newTimelineChart draws a timeline whose panel of bytes is so high.
func newTimelineChart(t summary.Timeline, id string, high int) *timelineChart {
	slots, length := Slots(t, slotLimit)
	if len(slots) == 0 {
		return nil
	}
	heights, show := Measured(slots)
	base := panelTop + high
	c := &timelineChart{ID: id, Height: base + axisHeight, Mark: base + 5}
	c.Bytes = newTimelinePanel(heights, show, panelTop, high, max(2, high/45))
	c.Bytes.Title = "bytes"
	if !slots[0].IPBytes.Known {
		c.Bytes.Title = "flows begun or denied"
		if !slots[0].Begun.Known {
			c.Bytes.Title, c.Bytes.Refused = "denied flows", true
		}
	} else if denied, some := deniedOf(slots); some {
		top := base + axisHeight + 24
		p := newTimelinePanel(denied, Count, top, deniedHeight, 1)
		p.Title = "denied flows"
		c.Denied, c.Height = &p, top+deniedHeight+6
	}
	c.hits(slots, length, show, heights)
	from, to := slots[0].Start, slots[len(slots)-1].Start.Add(length)
	c.Wide, c.Narrow = timeTicks(from, to, 12), timeTicks(from, to, 4)
	peak := 0
	for i, h := range heights {
		if h > heights[peak] {
			peak = i
		}
	}
	span := Span(summary.Instant(from.UnixNano()), summary.Instant(to.UnixNano()))
	c.Note = fmt.Sprintf("%s. A bar is %s; the highest is %s at %s.", span, Duration(length), show(heights[peak]), slots[peak].Start.Format("2006-01-02 15:04"))
	c.Describ = fmt.Sprintf("Bar chart of %s over time in %s. %s", c.Bytes.Title, Many(uint64(len(slots)), "bar"), c.Note)
	return c
}

// newAskTimeline draws when it was that what was asked for went, over the time of all that
// was read, so that questions can be compared by eye.
func newAskTimeline(doc *summary.Document, a *summary.Answer, id string) *timelineChart {
	if a == nil || a.Timeline == nil || len(a.Timeline.Steps) == 0 || len(doc.Timeline.Steps) == 0 || a.Timeline.Seconds < 1 {
		return nil
	}
	step := a.Timeline.Seconds * int64(time.Second)
	at := map[int64]summary.Step{}
	var bytes, denied bool
	for _, s := range a.Timeline.Steps {
		at[int64(s.Start)/step] = s
		bytes, denied = bytes || s.IPBytes.Known, denied || s.Denied.Known
	}
	first, last := int64(doc.Timeline.Steps[0].Start)/step, (int64(doc.Timeline.Steps[len(doc.Timeline.Steps)-1].Start)+doc.Timeline.Seconds*int64(time.Second)-1)/step
	if last-first > 2*slotLimit {
		return nil // its times are not of this world
	}
	all := summary.Timeline{Seconds: a.Timeline.Seconds}
	for n := first; n <= last; n++ {
		s := at[n]
		s.Start = summary.Instant(n * step)
		s.IPBytes.Known, s.Denied.Known = bytes, denied
		all.Steps = append(all.Steps, s)
	}
	return newTimelineChart(all, id, askHeight)
}

func deniedOf(slots []Slot) (heights []uint64, some bool) {
	for _, s := range slots {
		heights = append(heights, s.Denied.N)
		some = some || s.Denied.N > 0
	}
	return heights, some
}

func newTimelinePanel(heights []uint64, show func(uint64) string, top, height, ticks int) timelinePanel {
	p := timelinePanel{Top: top, Base: top + height}
	var most uint64
	for _, h := range heights {
		most = max(most, h)
	}
	step, end := scale(float64(most), ticks)
	for v := 0.0; v <= end+step/2; v += step {
		at := float64(p.Base) - v/end*float64(height)
		p.Ticks = append(p.Ticks, timelineTick{At: decimal(at), Text: strings.Replace(show(whole64(v)), ".0 ", " ", 1)})
	}
	for i, h := range heights {
		if h == 0 {
			continue
		}
		tall := max(1, float64(h)/end*float64(height))
		bar := slotBar(i, len(heights), 0.84)
		bar.Y, bar.Height = decimal(float64(p.Base)-tall), decimal(tall)
		p.Bars = append(p.Bars, bar)
	}
	return p
}

// slotBar is the place across of slot i of n, filled to a part.
func slotBar(i, n int, filled float64) timelineBar {
	each := 100 / float64(n)
	return timelineBar{X: decimal((float64(i) + (1-filled)/2) * each), Width: decimal(each * filled)}
}

// hits adds what a reader sees over each slot.
func (c *timelineChart) hits(slots []Slot, length time.Duration, show func(uint64) string, heights []uint64) {
	for i, s := range slots {
		text := []string{show(heights[i])}
		if s.IPBytes.Known && s.Packets.Known {
			text = append(text, Many(s.Packets.N, "packet"))
		}
		if s.Begun.Known {
			text = append(text, Count(s.Begun.N)+" begun")
		}
		if s.Denied.Known {
			text = append(text, Count(s.Denied.N)+" denied")
		}
		hit := slotBar(i, len(slots), 1)
		hit.Text = fmt.Sprintf("%s to %s: %s", s.Start.Format("2006-01-02 15:04"), s.Start.Add(length).Format("15:04"), strings.Join(text, ", "))
		hit.From, hit.To = s.Start.UTC().Format(time.RFC3339), s.Start.Add(length).UTC().Format(time.RFC3339)
		hit.Bytes, hit.Denied = s.IPBytes.N, s.Denied.N
		c.Hits = append(c.Hits, hit)
	}
}

// scale divides 0 to most into up to limit steps of 1, 2 or 5 times a power
// of ten, and says where the last one ends.
func scale(most float64, limit int) (step, end float64) {
	if most < 1 {
		return 1, 1
	}
	for unit := 1.0; ; unit *= 10 {
		for _, f := range []float64{1, 2, 5} {
			if n := math.Ceil(most / (f * unit)); n <= float64(limit) {
				return f * unit, n * f * unit
			}
		}
	}
}

// whole64 is v as a number of bytes, the greatest one if it is too great.
func whole64(v float64) uint64 {
	if v >= math.MaxUint64 {
		return math.MaxUint64
	}
	return uint64(v)
}

// decimal is a place in the page with as few digits as it needs.
func decimal(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

// timeTicks are up to limit places of round times from one time to another.
func timeTicks(from, to time.Time, limit int) (ticks []timelineTick) {
	step, span := tickStep(to.Sub(from), limit), to.Sub(from)
	at := from.Truncate(step)
	if at.Before(from) {
		at = at.Add(step)
	}
	for ; !at.After(to); at = at.Add(step) {
		tick := timelineTick{At: decimal(100 * float64(at.Sub(from)) / float64(span)), Text: at.Format("15:04")}
		if step >= 24*time.Hour || span > 24*time.Hour && at.Truncate(24*time.Hour).Equal(at) {
			tick.Text = at.Format("2 Jan")
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// tickStep is the shortest round length of which span has no more than limit.
func tickStep(span time.Duration, limit int) time.Duration {
	const day = 24 * time.Hour
	for _, s := range []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 28 * day,
	} {
		if span <= s*time.Duration(limit) {
			return s
		}
	}
	step := 56 * day
	for span/step >= time.Duration(limit) {
		step *= 2
	}
	return step
}
