package view

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/plan/apply"
)

// TestTimeLeft wants what is left of a time box in the words of all durations, and of a
// monitor, which ends never, that there is no end.
func TestTimeLeft(t *testing.T) {
	now := time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)
	for want, ends := range map[string]time.Time{"20m left": now.Add(20 * time.Minute), "no end": plan.Forever} {
		var b bytes.Buffer
		NewProgress(&b, false).Event(apply.Event{Of: "x", Kind: apply.Progress, Time: now, Left: ends.Sub(now)})
		if !strings.Contains(b.String(), "waiting    "+want) {
			t.Errorf("%q, want %s", b.String(), want)
		}
	}
}

// TestSoFar wants the answer so far as a line from time to time, and on a terminal in the
// block that is drawn anew, wrapped and not cut.
func TestSoFar(t *testing.T) {
	now := time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)
	long := "dropped: 7 flows from vm-web-2 (10.1.1.5) to vm-db-1 over port 1433 were denied by UserRule_deny-vnet-in. Until 08:00 UTC, 4m of 30m; preliminary."
	for _, live := range []bool{false, true} {
		var b bytes.Buffer
		p := NewProgress(&b, live)
		p.Event(apply.Event{Of: "x", Kind: apply.Progress, Time: now, Left: time.Hour})
		for _, after := range []time.Duration{0, 5 * time.Minute, 16 * time.Minute} {
			p.Event(apply.Event{Of: "x", Kind: apply.Preliminary, Time: now.Add(after), Text: long})
		}
		p.Close()
		text := b.String()
		if want := map[bool]int{false: 2, true: 3}[live]; strings.Count(text, "preliminary.") != want {
			t.Errorf("live %t: %d times, want %d:\n%s", live, strings.Count(text, "preliminary."), want, text)
		}
		if live && (!strings.Contains(text, "  so far: dropped") || strings.Contains(text, "…")) {
			t.Errorf("not in the block:\n%s", text)
		}
		if up, down := ups(text), strings.Count(text, "\n"); live && up != down {
			t.Errorf("%d lines drawn and %d taken back:\n%s", down, up, text)
		}
	}
}

// ups is how many lines a text goes up again.
func ups(text string) (n int) {
	for _, m := range regexp.MustCompile(`\x1b\[(\d+)A`).FindAllStringSubmatch(text, -1) {
		k, _ := strconv.Atoi(m[1])
		n += k
	}
	return n
}
