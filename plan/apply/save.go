package apply

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
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
	err := errors.Join(r.State.Save(context.Background(), r.Plan.Investigation.Name, run), r.folder.WriteManifest(m))
	if err == nil {
		r.keepBeside(run, m)
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
	m.Investigation, m.Views, m.Findings = r.Plan.Investigation, r.Plan.Views, r.findings()
	for _, s := range m.Sessions {
		if s.NoData && s.Outcome != string(ledger.GivenUp) {
			m.Findings = append(m.Findings, silence(s))
		}
		if s.NotFetched != "" {
			m.Findings = append(m.Findings, notFetched(s))
		}
		for i, text := range s.Changes {
			m.Findings = append(m.Findings, interference(s, text, i == len(s.Changes)-1))
		}
	}
	m.Start, m.End, m.Finished = r.run.Started, r.run.Ends, r.run.Finished
}

// findings are those of this run's plan and of the plans before, of which a later
// one does not know any more, such as that the start was late. What is left
// behind is told by the ledger as long as it is.
func (r *Run) findings() []plan.Finding {
	out := slices.Clone(r.earlier)
	for _, f := range r.Plan.Findings {
		if !slices.ContainsFunc(out, func(o plan.Finding) bool { return o.Code == f.Code && o.Watch == f.Watch && o.Target.Is(f.Target) }) {
			out = append(out, f)
		}
	}
	return slices.DeleteFunc(out, func(f plan.Finding) bool { return f.Code == plan.LeftBehind })
}

// silence says in the report that a session gave nothing: its zeros are not
// measured.
func silence(s session.Session) plan.Finding {
	why := "Either there was no traffic, or Azure could not write: look at the storage account's firewall and whether its keys were rotated."
	if s.TargetGone {
		why = fmt.Sprintf("%s is not in Azure any more.", s.Target.ID.Name())
	}
	return plan.Finding{
		Code: plan.NoData, Severity: plan.Warning, Summary: "Session gave no data", Watch: s.Watches[0], Target: s.Target.ID,
		Detail: fmt.Sprintf("The %s of %s ended and nothing came of it. %s", strings.ReplaceAll(string(s.Mechanism), "_", " "), s.Address, why),
	}
}

// notFetched says in the report that answers lack what a session recorded.
func notFetched(s session.Session) plan.Finding {
	return plan.Finding{
		Code: plan.NotFetched, Severity: plan.Warning, Summary: "What was recorded is not here", Watch: s.Watches[0], Target: s.Target.ID,
		Detail: fmt.Sprintf("What the %s of %s recorded could not be fetched and is missing in the answers: %s. It stays in Azure; flowctl apply tries again.",
			strings.ReplaceAll(string(s.Mechanism), "_", " "), s.Address, s.NotFetched),
	}
}

// interference says in the report what others did to a recording.
func interference(s session.Session, text string, last bool) plan.Finding {
	missing := "What was not recorded since is missing in the answers."
	if read := instead(s); last && read != "" {
		missing = fmt.Sprintf("Instead of it %s; what is recorded nowhere is missing in the answers.", read)
	}
	return plan.Finding{
		Code: plan.RecordingChanged, Severity: plan.Warning, Summary: "Somebody changed a recording", Watch: s.Watches[0], Target: s.Target.ID,
		Detail: fmt.Sprintf("The %s of %s: %s. %s", strings.ReplaceAll(string(s.Mechanism), "_", " "), s.Address, text, missing),
	}
}

// session is what the manifest says of t.
func (r *Run) session(t *tracked) session.Session {
	s := session.Session{
		Fingerprint: t.key, Digest: t.entry.Digest, Name: t.session.Name, Address: t.session.Address(), Watches: t.session.Watches,
		Mechanism: t.session.Mechanism, Target: t.session.Target, Reused: t.entry.Reused, Since: t.entry.Since, Spans: t.session.Spans,
		Outcome: string(t.stand()), Reason: t.entry.Reason(), FirstData: t.entry.Data, NoData: t.empty, TargetGone: t.gone, Started: t.entry.Created,
	}
	if t.problem != "" && s.Reason == "" {
		s.Reason = t.problem
	}
	if t.entry.Ended != nil {
		s.Ended = t.entry.Ended.At
		if t.done && t.entry.Fetched == nil && t.entry.Failed == nil {
			s.NotFetched = t.problem
		}
	}
	for _, c := range t.entry.Changes {
		s.Changes = append(s.Changes, c.String())
	}
	if c := t.session.Capture; c != nil {
		s.Snap, s.Filtered = c.BytesPerPacket, len(c.Filters) > 0
		s.Protocols = c.Whole()
	}
	if t.entry.Reused {
		s.Owner = taggedOwner(t.rec.Tags)
		if f := t.session.FlowLog; f != nil {
			s.ReadFilter, s.ReadTypes = f.Filter, f.RecordTypes
		}
	}
	if t.isLog() && !t.rec.InWorkspace() { // rows know no minutes
		s.Log, s.Gaps = logOf(t), r.gaps(t)
	}
	if t.rec.FlowLog != nil {
		s.Filtered = t.rec.FlowLog.Filter != "" || t.rec.FlowLog.RecordTypes != ""
		s.Filter, s.Records = t.rec.FlowLog.Filter, t.rec.FlowLog.RecordTypes
	}
	return s
}

// taggedOwner is who owns a recording, as far as its tags say.
func taggedOwner(tags map[string]string) string {
	if owner := tags[plan.TagOwner]; owner != "" {
		return owner
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if strings.EqualFold(key, "owner") {
			return tags[key]
		}
	}
	return ""
}

// logOf is the id by which the records of a flow log call it: those of an NSG's are
// of the NSG.
func logOf(t *tracked) plan.ID {
	if strings.HasSuffix(strings.ToLower(t.rec.Target.Type()), "/networksecuritygroups") {
		return t.rec.Target
	}
	return t.id()
}

// note takes down where one session stands. An error to save is not lost: the
// next save that must succeed meets it again.
func (r *Run) note(t *tracked) {
	r.mu.Lock()
	if t.rec.ID != "" {
		rec := t.rec
		t.entry.Seen = &ledger.Seen{At: r.clock.Now(), Recording: &rec, Bytes: t.bytes}
	}
	r.unaligned(t)
	t.entry.Session = t.session
	r.run.Sessions[t.key] = t.entry.Clone()
	r.manifest.Sessions[t.place] = r.session(t)
	r.noted++
	enough := (r.noted-r.saved)*few >= len(r.tracked)
	r.mu.Unlock()
	if enough {
		_ = r.commit()
	}
}

// collected writes down that the files are here before the session is removed:
// otherwise a run that is killed in between would record anew.
func (r *Run) collected(ctx context.Context, t *tracked, got []session.Artifact) {
	now := r.clock.Now()
	if t.empty = t.bytes == 0 && !r.standing(); t.bytes > 0 && t.entry.Data.IsZero() {
		t.entry.Data = now
	}
	t.tries, t.next = 0, now
	t.entry.Fetched = &ledger.Fetched{At: now, Files: len(got), Bytes: t.bytes, SHA256: digest(got)}
	r.note(t)
	if err := r.commit(); err != nil {
		t.entry.Fetched = nil
		r.again(ctx, t, err)
		return
	}
	r.emit(t.event(Collected, ""))
}

// digest is one hash of all files.
func digest(got []session.Artifact) string {
	files := slices.SortedFunc(slices.Values(got), func(a, b session.Artifact) int { return strings.Compare(a.Path, b.Path) })
	sum := sha256.New()
	for _, a := range files {
		fmt.Fprintf(sum, "%s %s\n", a.SHA256, a.Path)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (r *Run) want(t *tracked) Want {
	r.mu.Lock()
	defer r.mu.Unlock()
	start, end := later(r.run.Started, t.entry.Since), r.run.Ends
	if r.standing() { // what it writes is looked at, and fetched period by period
		end = earlier(end, r.clock.Now())
		start = later(start, end.Add(-plan.Day))
	}
	return Want{Session: t.session, Recording: t.rec, Start: start, End: end, Have: r.artifacts.session(t.session.Name)}
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

// finish undoes what was made for the sessions and marks the run as over, if
// nothing of it is left. What is left is written down, and the next run tries
// again.
func (r *Run) finish(ctx context.Context) error {
	if err := r.save(); err != nil {
		return err
	}
	if err := r.State.Hold(ctx); err != nil {
		return err
	}
	r.kept = append(r.kept, r.tidy().Do(ctx)...)
	if err := ctx.Err(); err != nil {
		return errors.Join(err, r.save())
	}
	r.mu.Lock()
	r.run.Left = nil
	for _, f := range r.Failures() {
		if f.Left != "" {
			r.run.Left = append(r.run.Left, ledger.Left{At: r.clock.Now(), What: f.Left, Session: f.Session, Reason: f.Reason, WayOut: f.WayOut})
		}
	}
	if len(r.run.Left) == 0 {
		r.run.Finished = r.clock.Now()
	}
	r.mu.Unlock()
	return r.save()
}

// Failure is a session that failed.
type Failure struct {
	Session string
	Reason  string
	Left    plan.ID // what is still in Azure because of it; empty if nothing
	WayOut  string
}

// Failures lists the sessions that failed, and what should not be there any
// more and is.
func (r *Run) Failures() []Failure {
	out := slices.Clone(r.kept)
	for _, t := range r.tracked {
		if t.problem == "" && t.entry.Failed == nil {
			continue
		}
		f := Failure{Session: t.session.Address(), Reason: cmp.Or(t.problem, t.entry.Reason())}
		if t.left && t.rec.ID != "" {
			f.Left, f.WayOut = t.rec.ID, "flowctl apply tries again; flowctl destroy --discard gives it up"
			if t.gone {
				f.WayOut = fmt.Sprintf("Azure refuses this as long as %s is missing: flowctl apply tries again; if it is refused for long, create %[1]s again under its name, and then flowctl apply", t.session.Target.ID.Name())
			}
		}
		out = append(out, f)
	}
	return out
}

func failed(t *tracked, err error) error { return fmt.Errorf("%s: %w", t.session.Address(), err) }
