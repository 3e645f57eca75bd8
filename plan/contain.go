package plan

import (
	"fmt"
	"slices"
	"time"
)

// Contain keeps errors about what would start from stopping what runs: the
// sessions they are about are not started, and the errors become warnings. It
// does nothing if nothing of the investigation is there.
func (p *Plan) Contain() {
	if p.Count(Keep, Finish, Delete, Replace) == 0 {
		return
	}
	for i, c := range p.Changes {
		f := blocks(p.Findings, c)
		switch {
		case f == nil:
		case c.Action == Create:
			p.Changes[i] = Change{Leave, "not started: " + f.Summary, c.Session, nil}
		case c.Action == Replace:
			p.Changes[i] = Change{Keep, "not replaced: " + f.Summary, keeping(c), c.Recording}
		}
	}
	for i := range p.Findings {
		if p.Findings[i].Severity == Error {
			p.Findings[i].Severity = Warning
		}
	}
}

func blocks(findings []Finding, c Change) *Finding {
	if c.Action != Create && c.Action != Replace {
		return nil
	}
	for i, f := range findings {
		about := f.Watch == "" && f.Target == "" || slices.Contains(c.Session.Watches, f.Watch) && (f.Target == "" || f.Target.Is(c.Session.Target.ID))
		if f.Severity == Error && about {
			return &findings[i]
		}
	}
	return nil
}

// keeping is the session of what would have been replaced, as it is there.
func keeping(c Change) *Session {
	s := SessionOf(*c.Recording)
	s.Watches, s.Target.Provider = c.Session.Watches, c.Session.Target.Provider
	return &s
}

// How long Azure takes for a write on one Network Watcher, which it does one
// after the other. Microsoft states no figure; these are of runs.
const (
	writeLog     = 4 * time.Second
	writeCapture = 4 * time.Second
)

// Late says what of p's time box its last targets will miss, since writes on
// one watcher are serial, and what was missed already.
func (p Plan) Late() []Finding {
	var out []Finding
	start, now := p.Investigation.Start, p.Made
	if n := p.Count(Create); n > 0 && !start.IsZero() && now.After(start) && now.Before(p.Ends) {
		out = append(out, Finding{Code: StartsLate, Severity: Warning, Summary: "Starts late",
			Detail: fmt.Sprintf("The window began %s, %s ago: what happened until now is not recorded, except where somebody else's flow log was there.", start.UTC().Format(time.RFC3339), now.Sub(start).Round(time.Second))})
	}
	for _, c := range p.Changes {
		n, _ := ParseName(c.Target().Name())
		if c.Recording != nil {
			n, _ = ParseName(c.Recording.ID.Name())
		}
		if c.Action == Keep && c.Mechanism() == PacketCapture && p.Ends.After(n.Deadline) {
			out = append(out, Finding{Code: WindowFixed, Severity: Info, Summary: "A capture keeps its own end", Watch: c.Session.Watches[0], Target: c.Target(),
				Detail: fmt.Sprintf("The window ends %s by now, and the capture of %s was started with limits of its own, which Azure does not change: it may end before.", p.Ends.UTC().Format(time.RFC3339), c.Target().Name())})
		}
	}
	if start.Before(now) {
		start = now
	}
	queues := map[string]time.Duration{} // by watcher
	missed := 0
	var last time.Duration
	for _, c := range p.Changes {
		if c.Action != Create && c.Action != Replace {
			continue
		}
		key := c.Session.Watcher.Key()
		if queues[key] >= p.Ends.Sub(start) {
			missed++
		}
		queues[key] += map[Mechanism]time.Duration{FlowLog: writeLog, PacketCapture: writeCapture}[c.Session.Mechanism]
		last = max(last, queues[key])
	}
	box := p.Ends.Sub(start)
	switch {
	case missed > 0:
		out = append(out, Finding{Code: StartsTooLate, Severity: Warning, Summary: "Not all can start in time",
			Detail: fmt.Sprintf("Azure writes one thing after the other on a Network Watcher, about %s each: the last of the %d targets would start after %s, and the window lasts %s. About %d would not start at all. Use a window of at least %s, fewer targets, or targets in several regions, which start side by side.",
				writeLog, p.Count(Create, Replace), last.Round(time.Second), box.Round(time.Second), missed, (2 * last).Round(time.Minute))})
	case last > box/4 && p.Count(Create, Replace) > 1:
		out = append(out, Finding{Code: StartsLate, Severity: Warning, Summary: "The last targets start late",
			Detail: fmt.Sprintf("Azure writes one thing after the other on a Network Watcher, about %s each: the last of the %d targets starts after about %s of a window of %s. Use a longer window, fewer targets, or targets in several regions, which start side by side.",
				writeLog, p.Count(Create, Replace), last.Round(time.Second), box.Round(time.Second))})
	}
	return out
}
