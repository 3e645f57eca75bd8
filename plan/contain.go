package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Contain keeps errors about what would start from stopping what runs: the
// sessions they are about are not started, and the errors become warnings. It
// does nothing if nothing of the investigation is there.
func (p *Plan) Contain() {
	if p.Count(Keep, Update, Finish, Delete, Replace) == 0 {
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

// Pace is how long Azure takes for a write on one Network Watcher, which it does
// one after the other. Microsoft states no figure.
type Pace struct {
	Log, Capture time.Duration
	Measured     bool // in runs that are remembered
}

// The pace as other runs had it, and how long a machine takes for its agent at
// least.
const (
	usualLog     = 8 * time.Second
	usualCapture = 8 * time.Second
	agentTime    = 90 * time.Second
)

func (w Pace) of(m Mechanism) time.Duration {
	if m == FlowLog {
		return cmp.Or(w.Log, usualLog)
	}
	return cmp.Or(w.Capture, usualCapture)
}

func (w Pace) String() string {
	if w.Measured {
		return "as measured in earlier runs"
	}
	return "as a rule; Azure states no figure"
}

// Late says what of p's time box its last targets will miss, since writes on
// one watcher are serial, and what was missed already.
func (p Plan) Late(pace Pace) []Finding {
	var out []Finding
	start, now := p.Investigation.Start, p.Made
	if n := p.Count(Create); n > 0 && !start.IsZero() && now.After(start) && now.Before(p.Ends) {
		out = append(out, Finding{Code: StartsLate, Severity: Warning, Summary: "Starts late",
			Detail: fmt.Sprintf("The window began %s, %s ago: what happened until now is not recorded, except where somebody else's flow log was there.", start.UTC().Format(time.RFC3339), Duration(now.Sub(start)))})
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
	return append(out, p.queued(start, pace)...)
}

// queued says how the starts of p's targets fit into what is left of the window.
func (p Plan) queued(start time.Time, pace Pace) []Finding {
	queues := map[string]time.Duration{} // by watcher: until the last of its writes is done
	box := p.Ends.Sub(start)
	if box <= 0 {
		return nil // which is told by another finding
	}
	missed, agents := 0, 0
	var last, each time.Duration
	for _, c := range p.Changes {
		if c.Action != Create && c.Action != Replace {
			continue
		}
		key := c.Session.Watcher.Key()
		begins := queues[key]
		queues[key] += pace.of(c.Session.Mechanism)
		if c.Session.InstallAgent != "" { // side by side, and before its turn
			agents, begins = agents+1, max(begins, agentTime)
		}
		if begins >= box {
			missed++
		}
		last, each = max(last, begins+pace.of(c.Session.Mechanism)), max(each, pace.of(c.Session.Mechanism))
	}
	why := fmt.Sprintf("Azure writes one thing after the other on a Network Watcher, about %s each (%s)", Duration(each), pace)
	if agents > 0 {
		why += fmt.Sprintf(", and a machine takes %s or longer to get its agent, of which %d are to be installed", Duration(agentTime), agents)
	}
	n := p.Count(Create, Replace)
	switch {
	case missed > 0:
		return []Finding{{Code: StartsTooLate, Severity: Warning, Summary: "Not all can start in time",
			Detail: fmt.Sprintf("%s: the last of the %d targets would start after %s, and %s of the window are left. About %d would not start at all. Use a window of at least %s, fewer targets, or targets in several regions, which start side by side.",
				why, n, Duration(last), Duration(box), missed, Duration(max(time.Minute, (2*last).Round(time.Minute))))}}
	case last > box/4 && (n > 1 || agents > 0):
		return []Finding{{Code: StartsLate, Severity: Warning, Summary: "The last targets start late",
			Detail: fmt.Sprintf("%s: the last of the %d targets starts after about %s, and %s of the window are left. Use a longer window, fewer targets, or targets in several regions, which start side by side.",
				why, n, Duration(last), Duration(box))}}
	}
	return nil
}
