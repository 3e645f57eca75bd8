package apply

import (
	"errors"
	"slices"

	"flowctl/plan"
	"flowctl/plan/session"
	"flowctl/plan/state"
)

// save writes what is known; state first, since it says where the rest is.
func (r *Run) save() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.saveLocked()
}

func (r *Run) saveLocked() error {
	err := r.State.Save(r.Plan.Investigation.Name, r.run)
	r.describe()
	return errors.Join(err, r.folder.WriteManifest(r.manifest))
}

// describe brings the manifest's head up to date.
func (r *Run) describe() {
	m := &r.manifest
	m.Investigation, m.Views, m.Findings = r.Plan.Investigation, r.Plan.Views, r.Plan.Findings
	m.Start, m.End, m.Finished = r.run.Started, r.run.Ends, r.run.Finished
}

func (t *tracked) describe() session.Session {
	s := session.Session{
		Print: t.session.Print(), Digest: t.session.Digest(), Name: t.session.Name, Address: t.session.Address(), Watches: t.session.Watches,
		Mechanism: t.session.Mechanism, Target: t.session.Target, Reused: t.reused,
		Outcome: string(t.phase), Reason: t.reason,
	}
	if c := t.session.Capture; c != nil {
		s.Snap, s.Filtered = c.BytesPerPacket, len(c.Filters) > 0
	}
	if t.rec.FlowLog != nil {
		s.Filtered = t.rec.FlowLog.Filter != "" || t.rec.FlowLog.RecordTypes != ""
	}
	return s
}

// note saves where one session stands. An error to save is not lost: the next
// save that must succeed meets it again.
func (r *Run) note(t *tracked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := t.rec
	r.run.Sessions[t.session.Print()] = &state.Session{
		Session: t.session, Digest: t.session.Digest(), Phase: t.phase, Reused: t.reused, Recording: &rec, Bytes: t.bytes, Reason: t.reason,
	}
	r.manifest.Sessions[t.place] = t.describe()
	_ = r.saveLocked()
}

func (r *Run) want(t *tracked) Want {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := Want{Session: t.session, Recording: t.rec, Start: r.run.Started, End: r.run.Ends}
	for _, a := range r.manifest.Artifacts {
		if a.Session == t.session.Name {
			w.Have = append(w.Have, a)
		}
	}
	return w
}

// keep puts artifacts into the manifest, in the place of earlier versions.
func (r *Run) keep(t *tracked, got []session.Artifact) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t.bytes = 0
	for _, a := range got {
		t.bytes += a.Size
		r.manifest.Artifacts = slices.DeleteFunc(r.manifest.Artifacts, func(b session.Artifact) bool { return b.Path == a.Path })
		r.manifest.Artifacts = append(r.manifest.Artifacts, a)
	}
}

// finish marks the run as over.
func (r *Run) finish() error {
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
