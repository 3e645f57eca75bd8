package report

import (
	"fmt"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// Slot is a stretch of the timeline: one or more of its steps.
type Slot struct {
	Start time.Time
	summary.Volume
	Begun, Denied summary.Figure
}

// Slots puts the steps of a timeline together into at most limit stretches
// of equal length.
func Slots(t summary.Timeline, limit int) (slots []Slot, length time.Duration) {
	if len(t.Steps) == 0 || limit < 1 {
		return nil, 0
	}
	each := (len(t.Steps) + limit - 1) / limit
	for i, s := range t.Steps {
		if i%each == 0 {
			slots = append(slots, Slot{Start: s.Start.Time()})
		}
		last := &slots[len(slots)-1]
		last.Packets = last.Packets.Plus(s.Packets)
		last.Bytes = last.Bytes.Plus(s.Bytes)
		last.IPBytes = last.IPBytes.Plus(s.IPBytes)
		last.Begun = last.Begun.Plus(s.Begun)
		last.Denied = last.Denied.Plus(s.Denied)
	}
	return slots, time.Duration(t.Seconds) * time.Second * time.Duration(each)
}

// Measured returns what the heights of a chart of slots stand for: bytes
// where they were measured, else denied flows.
func Measured(slots []Slot) (heights []uint64, show func(uint64) string) {
	show = terminal.Bytes
	for _, s := range slots {
		heights = append(heights, s.IPBytes.N)
	}
	if len(slots) == 0 || slots[0].IPBytes.Known {
		return heights, show
	}
	for i, s := range slots {
		heights[i] = s.Begun.N + s.Denied.N
	}
	return heights, func(n uint64) string { return Many(n, "flow") }
}

const (
	chartLines = 24
	chartWidth = 40
)

// chart draws the timeline as bars, one line a slot.
func chart(t summary.Timeline) []string {
	slots, length := Slots(t, chartLines)
	heights, show := Measured(slots)
	var top uint64
	for _, h := range heights {
		top = max(top, h)
	}
	layout := "15:04"
	if length >= 24*time.Hour || len(slots) > 0 && slots[0].Start.YearDay() != slots[len(slots)-1].Start.YearDay() {
		layout = "2006-01-02 15:04"
	}
	var lines []string
	for i, s := range slots {
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%s  %-*s  %s", s.Start.Format(layout), chartWidth, bar(heights[i], top), show(heights[i])), " "))
	}
	return lines
}

// bar is a bar of up to chartWidth columns, in eighths of one.
func bar(n, top uint64) string {
	if top == 0 {
		return ""
	}
	eighths := int(float64(n) / float64(top) * chartWidth * 8)
	if n > 0 && eighths == 0 {
		eighths = 1
	}
	b := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		b += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return b
}
