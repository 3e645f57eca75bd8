package view

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
	"flowctl/plan/apply"
)

// Progress shows a run while it goes on: on a terminal a block that is drawn
// anew, elsewhere a line for each thing that happened.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool
	drawn int                    // lines of the block on the screen
	last  map[string]apply.Event // how each investigation stands
	said  map[string]time.Time   // when, in its own time, waiting for it was last mentioned

	answers map[string]apply.Event // the last one so far
}

// NewProgress returns a view on w; live draws in place.
func NewProgress(w io.Writer, live bool) *Progress {
	return &Progress{w: w, live: live, last: map[string]apply.Event{}, said: map[string]time.Time{}, answers: map[string]apply.Event{}}
}

// quiet is how long, in the time of the run, plain output says nothing about
// waiting.
const quiet = 15 * time.Minute

// Event shows e.
func (p *Progress) Event(e apply.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == apply.Preliminary {
		p.soFar(e)
		return
	}
	if e.Kind != apply.Progress {
		p.clear()
		p.line(e)
		return
	}
	if p.live {
		p.clear()
		p.last[e.Of] = e
		p.draw()
		return
	}
	if e.Time.Sub(p.said[e.Of]) >= quiet {
		p.said[e.Of] = e.Time
		fmt.Fprintf(p.w, "%s  waiting    %s, %s\n", stamp(e.Time), timeLeft(e.Left), standings(e.Sessions))
	}
}

// soFar shows the answer until now: in the block, or as a line from time to time.
func (p *Progress) soFar(e apply.Event) {
	last, known := p.answers[e.Of]
	if p.live || !known || e.Time.Sub(last.Time) >= quiet {
		p.answers[e.Of] = e
	}
	switch {
	case p.live:
		p.clear()
		p.draw()
	case p.answers[e.Of].Time.Equal(e.Time):
		fmt.Fprintf(p.w, "%s  %-9s  %s\n", stamp(e.Time), e.Kind, terminal.Escape(e.Text))
	}
}

// Close takes the block off the screen.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *Progress) clear() {
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\x1b[J", p.drawn) // up, and clear to the end
		p.drawn = 0
	}
}

func (p *Progress) line(e apply.Event) {
	what := string(e.Mechanism)
	if e.Session != "" {
		what += " " + terminal.Escape(e.Session)
	}
	if e.Kind == apply.Collected && e.Bytes > 0 {
		what += "  " + terminal.Bytes(uint64(e.Bytes))
	}
	if e.Text != "" {
		what += "  (" + terminal.Escape(e.Text) + ")"
	}
	fmt.Fprintf(p.w, "%s  %-9s  %s\n", stamp(e.Time), e.Kind, strings.TrimSpace(what))
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05") }

// draw shows how every investigation stands.
func (p *Progress) draw() {
	width := terminal.Width(p.w)
	for _, name := range slices.Sorted(maps.Keys(p.last)) {
		for _, l := range block(p.last[name]) {
			fmt.Fprintln(p.w, terminal.Cut(l, width-1))
			p.drawn++
		}
		if a, ok := p.answers[name]; ok {
			text := "  " + terminal.Wrap("so far: "+terminal.Escape(a.Text), width-1, "  ")
			fmt.Fprintln(p.w, text)
			p.drawn += 1 + strings.Count(text, "\n")
		}
	}
}

// block is an investigation's sessions with their state, at most as many as a
// screen takes.
func block(e apply.Event) []string {
	const most = 12
	lines := []string{fmt.Sprintf("%s  waiting    %s: %s", stamp(e.Time), e.Of, timeLeft(e.Left))}
	called := plan.CalledAmong(targets(e.Sessions, func(s apply.Standing) plan.ID { return s.Target }))
	for i, s := range e.Sessions {
		if i == most {
			return append(lines, fmt.Sprintf("  … and %d more", len(e.Sessions)-most))
		}
		lines = append(lines, standingLine(s, called.Name(s.Target)))
	}
	return lines
}

func standingLine(s apply.Standing, target string) string {
	l := fmt.Sprintf("  %-14s %-28s %-10s", s.Mechanism, terminal.Escape(target), s.State)
	if s.Bytes > 0 {
		l += " " + terminal.Bytes(uint64(s.Bytes))
	}
	if s.State == "recording" {
		l += "  " + timeLeft(s.Left)
	}
	return l
}

// timeLeft is what is left of a time box; monitors have none.
func timeLeft(d time.Duration) string {
	if d == math.MaxInt64 {
		return "no end"
	}
	return plan.Duration(d) + " left"
}

// standings counts the sessions by state.
func standings(list []apply.Standing) string {
	var order []string
	n := map[string]int{}
	var bytes int64
	for _, s := range list {
		if n[s.State] == 0 {
			order = append(order, s.State)
		}
		n[s.State]++
		if s.Mechanism == plan.FlowLog {
			bytes += s.Bytes
		}
	}
	var parts []string
	for _, s := range order {
		parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
	}
	if bytes > 0 {
		parts = append(parts, terminal.Bytes(uint64(bytes))+" of flow logs so far")
	}
	return strings.Join(parts, ", ")
}
