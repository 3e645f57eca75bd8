package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// Window is the time box of a run under way, as the file says by now: it can
// be made longer or shorter, unless somebody stopped it by hand; what was extended by
// hand ends then, until the file says another end.
func (r *Run) Window(inv plan.Investigation) (start, end time.Time) {
	if r.Stopped {
		return r.Started, r.Ends
	}
	start, end = inv.TimeBox(r.Started)
	if !r.Extended.To.IsZero() && end.Equal(r.Extended.From) {
		end = r.Extended.To
	}
	return start, end
}

// Prior is what a plan has to know of r, which is nil if nothing is
// remembered. Watches are the addresses that the file has.
func (r *Run) Prior(inv plan.Investigation, watches []string, now time.Time) plan.Prior {
	p := plan.Prior{Collected: map[string]string{}, Started: map[string]plan.Known{}, Watches: watches}
	if r == nil {
		return p
	}
	_, end := r.Window(inv)
	if r.Finished.IsZero() && !now.Before(end) {
		p.Over = end
	}
	for _, key := range slices.Sorted(maps.Keys(r.Sessions)) {
		e := r.Sessions[key]
		switch e.Stand() {
		case Collected, Gone:
			p.Collected[key] = e.Digest
			p.Past = append(p.Past, plan.Known{Session: e.Session, Digest: e.Digest})
		case Starting, Recording, Over:
			if e.Reused && r.Finished.IsZero() {
				p.Reading = append(p.Reading, plan.Known{Session: e.Session, Digest: e.Digest, Recording: e.Recording()})
			}
			if e.Reused || e.Session.Watcher == "" { // it is found by its name
				continue
			}
			s := e.Session
			s.Deadline = end
			p.Started[key] = plan.Known{Session: s, Digest: e.Digest, Recording: e.Recording()}
		}
	}
	return p
}

// Late reports whether all that r has was wanted only when its time box was over: it reads what
// others recorded.
func (r *Run) Late() bool {
	for _, e := range r.Sessions {
		if e.Intended.At.Before(r.Ends) {
			return false
		}
	}
	return true
}

// Failed counts the sessions that were given up.
func (r *Run) Failed() int {
	n := 0
	for _, e := range r.Sessions {
		if e.Stand() == GivenUp {
			n++
		}
	}
	return n
}

// LeftBehind names what an earlier run could not take back.
func (r *Run) LeftBehind() []plan.Finding {
	var out []plan.Finding
	for _, l := range r.Left {
		out = append(out, plan.Finding{
			Code: plan.LeftBehind, Severity: plan.Warning, Summary: "Something is left behind", Target: l.What,
			Detail: fmt.Sprintf("%s: %s. Still in Azure: %s. Way out: %s.", l.Session, strings.TrimSuffix(l.Reason, "."), l.What, l.WayOut),
		})
	}
	return out
}
