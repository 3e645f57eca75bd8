package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/session"
	"flowctl/plan/state"
)

// save writes what is known; state first, since it says where the rest is.
func (r *Run) save() error {
	r.mu.Lock()
	r.noted++
	r.mu.Unlock()
	return r.commit()
}

// commit returns when all that was noted until now is saved. Many that do so
// at the same time share one save.
func (r *Run) commit() error {
	r.mu.Lock()
	noted := r.noted
	r.mu.Unlock()
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	if r.saved >= noted {
		r.mu.Unlock()
		return nil
	}
	noted = r.noted
	r.describe()
	run, m := r.run.Clone(), r.manifest
	m.Sessions, m.Artifacts = slices.Clone(m.Sessions), slices.Clone(r.artifacts.all)
	r.mu.Unlock()
	err := errors.Join(r.State.Save(r.Plan.Investigation.Name, run), r.folder.WriteManifest(m))
	if err == nil {
		r.mu.Lock()
		r.saved, r.flushed = noted, r.clock.Now()
		r.mu.Unlock()
	}
	return err
}

// flush saves what was noted, if that is some time ago: with many sessions a
// save takes its time. What a run that is killed has not saved, Azure tells.
func (r *Run) flush() {
	r.mu.Lock()
	due := r.saved < r.noted && r.clock.Now().Sub(r.flushed) >= r.Limits.Poll*time.Duration(len(r.tracked)/few)
	r.mu.Unlock()
	if due {
		_ = r.commit() // the next save that must succeed meets the error again
	}
}

// few sessions are saved at each change; of more, a part of them has to change.
const few = 8

// describe brings the manifest's head up to date.
func (r *Run) describe() {
	m := &r.manifest
	m.Investigation, m.Views, m.Findings = r.Plan.Investigation, r.Plan.Views, slices.Clone(r.Plan.Findings)
	for _, s := range m.Sessions {
		if s.NoData {
			m.Findings = append(m.Findings, silence(s))
		}
	}
	m.Start, m.End, m.Finished = r.run.Started, r.run.Ends, r.run.Finished
}

// silence says in the report that a session gave nothing: its zeros are not
// measured.
func silence(s session.Session) plan.Finding {
	return plan.Finding{
		Code: "no-data", Severity: plan.Warning, Summary: "Session gave no data", Watch: s.Watches[0], Target: s.Target.ID,
		Detail: fmt.Sprintf("The %s of %s ended and nothing came of it. Either there was no traffic, or Azure could not write: look at the storage account's firewall and whether its keys were rotated.",
			strings.ReplaceAll(string(s.Mechanism), "_", " "), s.Address),
	}
}

func (t *tracked) describe() session.Session {
	s := session.Session{
		Print: t.session.Print(), Digest: t.session.Digest(), Name: t.session.Name, Address: t.session.Address(), Watches: t.session.Watches,
		Mechanism: t.session.Mechanism, Target: t.session.Target, Reused: t.reused,
		Outcome: string(t.phase), Reason: t.reason, FirstData: t.data, NoData: t.empty,
	}
	if c := t.session.Capture; c != nil {
		s.Snap, s.Filtered = c.BytesPerPacket, len(c.Filters) > 0
	}
	if t.rec.FlowLog != nil {
		s.Filtered = t.rec.FlowLog.Filter != "" || t.rec.FlowLog.RecordTypes != ""
	}
	return s
}

// note takes down where one session stands. An error to save is not lost: the
// next save that must succeed meets it again.
func (r *Run) note(t *tracked) {
	r.mu.Lock()
	rec := t.rec
	r.run.Sessions[t.session.Print()] = &state.Session{
		Session: t.session, Digest: t.session.Digest(), Phase: t.phase, Reused: t.reused, Recording: &rec, Bytes: t.bytes,
		Started: t.since, FirstData: t.data, Reason: t.reason,
	}
	r.manifest.Sessions[t.place] = t.describe()
	r.noted++
	enough := (r.noted-r.saved)*few >= len(r.tracked)
	r.mu.Unlock()
	if enough {
		_ = r.commit()
	}
}

func (r *Run) want(t *tracked) Want {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Want{Session: t.session, Recording: t.rec, Start: r.run.Started, End: r.run.Ends, Have: r.artifacts.session(t.session.Name)}
}

// keep notes what was brought.
func (r *Run) keep(t *tracked, got []session.Artifact) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t.bytes = 0
	for _, a := range got {
		t.bytes += a.Size
		r.artifacts.keep(a)
	}
}

// finish undoes what was made for the sessions and marks the run as over.
func (r *Run) finish(ctx context.Context) error {
	if err := r.save(); err != nil {
		return err
	}
	r.kept = append(r.kept, r.tidy().Do(ctx)...)
	if err := ctx.Err(); err != nil {
		return errors.Join(err, r.save())
	}
	r.run.Finished = r.clock.Now()
	return r.save()
}

// Failure is a session that failed.
type Failure struct {
	Session string
	Reason  string
	Left    plan.ID // what is still in Azure because of it; empty if nothing
}

// Failures lists the sessions that failed, and what should not be there any
// more and is.
func (r *Run) Failures() []Failure {
	out := slices.Clone(r.kept)
	for _, t := range r.tracked {
		if t.phase != state.Failed {
			continue
		}
		f := Failure{Session: t.session.Address(), Reason: t.reason}
		if t.rec.ID != "" && !t.reused && !t.gone {
			f.Left = t.rec.ID
		}
		out = append(out, f)
	}
	return out
}
