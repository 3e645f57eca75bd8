package command

import (
	"fmt"
	"io"
	"time"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/collectors"
)

// watch shows on a terminal how far s is, once it takes long. End takes that off
// the screen.
func watch(e *env.Env, s *operation.SummarizeOptions) (end func()) {
	if !e.Interactive() {
		return func() {}
	}
	s.Progress = new(collectors.Progress)
	ticks := time.NewTicker(250 * time.Millisecond)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		showReading(e.Stderr, s.Progress, ticks.C, stop, time.Now())
	}()
	return func() {
		ticks.Stop()
		close(stop)
		<-stopped
	}
}

// soon is how long something may take without a word.
const soon = time.Second

// showReading draws a line with every tick, in the place of the one before,
// until stop, and then none.
func showReading(w io.Writer, p *collectors.Progress, ticks <-chan time.Time, stop <-chan struct{}, began time.Time) {
	const clear = "\r\x1b[K" // to the beginning of the line, and nothing after it
	drawn := false
	for {
		select {
		case now := <-ticks:
			if after := now.Sub(began); after >= soon {
				fmt.Fprint(w, clear+terminal.Cut(view.Reading(p, after), terminal.Width(w)-1))
				drawn = true
			}
		case <-stop:
			if drawn {
				fmt.Fprint(w, clear)
			}
			return
		}
	}
}
