package apply

import (
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// Period is the manifest of one period of a monitor, without its artifacts: what the
// monitor knows, cut to that time.
func Period(run *ledger.Run, standing session.Manifest, start, end time.Time) session.Manifest {
	m := standing
	m.Start, m.End, m.Finished, m.Artifacts, m.Sessions, m.Findings = start, end, time.Time{}, nil, nil, nil
	for _, f := range standing.Findings {
		if f.Code != plan.RecordingChanged && f.Code != plan.NoData {
			m.Findings = append(m.Findings, f)
		}
	}
	for _, s := range standing.Sessions {
		e := run.Sessions[s.Fingerprint]
		if e == nil || !e.Touches(start, end) {
			continue
		}
		s.Gaps = within(s.Gaps, start, end)
		if e.Ended != nil && !e.Ended.At.Before(end) { // after this period
			s.Reason, s.Ended = "", time.Time{}
		}
		s.Outcome, s.Changes = string(ledger.Recording), nil
		for i, c := range e.Changes {
			back := e.Back(i)
			if c.What == ledger.Mended || !c.At.Before(end) || !back.IsZero() && !back.After(start) || back.IsZero() && !c.Stops() && c.At.Before(start) {
				continue
			}
			text := c.String()
			if !back.IsZero() {
				text += ", set back " + back.UTC().Format(time.RFC3339)
			}
			s.Changes = append(s.Changes, text)
			f := interference(s, text, i == len(e.Changes)-1)
			if !back.IsZero() {
				f.Detail = strings.Replace(f.Detail, "not recorded since", "not recorded in between", 1)
			}
			m.Findings = append(m.Findings, f)
		}
		m.Sessions = append(m.Sessions, s)
	}
	return m
}

// within cuts gaps to a time.
func within(list []ledger.Gap, start, end time.Time) []ledger.Gap {
	var out []ledger.Gap
	for _, g := range list {
		g.From, g.To = later(g.From, start), earlier(g.To, end)
		if g.From.Before(g.To) {
			out = append(out, g)
		}
	}
	return out
}

// Silent adds to m that sessions without a file gave nothing, if they recorded for all of
// the period.
func Silent(m *session.Manifest, run *ledger.Run) {
	for i, s := range m.Sessions {
		has := slices.ContainsFunc(m.Artifacts, func(a session.Artifact) bool { return a.Session == s.Name })
		if e := run.Sessions[s.Fingerprint]; has || e.Reused || !e.Created.Before(m.Start) || len(s.Gaps) > 0 {
			continue
		}
		m.Sessions[i].NoData = true
		m.Findings = append(m.Findings, silence(s))
	}
}

// Wants are what is to be fetched of a session of a monitor for a period: one for each
// storage account to which it wrote.
func Wants(e *ledger.Entry, start, end time.Time) []Want {
	rec := plan.Recording{ID: e.Session.ResourceID(), Mechanism: e.Session.Mechanism, Target: e.Session.Target.ID, Storage: e.Session.Storage}
	if e.Reused && e.Recording() != nil {
		rec = *e.Recording()
	}
	if rec.ID == "" || rec.Storage == "" {
		return nil
	}
	var out []Want
	for _, account := range append([]plan.ID{rec.Storage}, e.Accounts...) {
		rec.Storage = account
		out = append(out, Want{Session: e.Session, Recording: rec, Start: later(start, e.Since), End: end})
	}
	return out
}

// SettleLog is how long after an end the records of logs are awaited that came so late
// until then: as a run does, see Limits.
func (l Limits) SettleLog(late time.Duration, any bool) time.Duration {
	if !any {
		return max(l.Late, l.Settle)
	}
	return min(max(l.Late, l.Settle), max(l.Settle, late+2*minute))
}
