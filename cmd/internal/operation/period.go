package operation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"flowctl/collectors/fetch"
	"flowctl/collectors/storage"
	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// reporter makes the reports of one monitor.
type reporter struct {
	op     *Operation
	inv    *config.Investigation
	head   plan.Investigation
	keeper *ledger.Keeper
	run    *ledger.Run
	done   []Result
}

// due reports what is over and not reported, as far as its last records are there. A
// period that fails is tried again by the next collect, and those after it wait for it.
func (r *reporter) due(ctx context.Context) error {
	for _, p := range r.run.Due(*r.head.Monitor, r.op.now()) {
		if settled, err := r.settled(ctx, p.End); err != nil || !settled {
			return err
		}
		if err := r.report(ctx, p); err != nil {
			return fmt.Errorf("%s, %s to %s: %w", r.head.Name, p.Start.Format(time.RFC3339), p.End.Format(time.RFC3339), err)
		}
	}
	return nil
}

// settled reports whether the last records of before an end are there: as late as records
// came in the hour before it, so long are they awaited.
func (r *reporter) settled(ctx context.Context, end time.Time) (bool, error) {
	since := r.op.now().Sub(end)
	if since < apply.DefaultLimits.Settle {
		return false, nil
	}
	c := fetch.Collector{Providers: r.op.providers, Inventories: r.op.allInventories()}
	for _, e := range r.run.Sessions {
		if !e.Touches(end.Add(-time.Minute), end) || since >= apply.DefaultLimits.Late {
			continue
		}
		for _, w := range apply.Wants(e, end.Add(-time.Hour), end)[:1] {
			newest, written, err := c.Newest(ctx, w)
			if err != nil && !errors.Is(err, plan.ErrNotFound) {
				return false, fmt.Errorf("%s: %w", e.Session.Address(), err)
			}
			if since < apply.DefaultLimits.SettleLog(written.Sub(newest), !newest.IsZero()) {
				return false, nil
			}
		}
	}
	return true, nil
}

// report collects and answers one period, and notes that it was reported.
func (r *reporter) report(ctx context.Context, p ledger.Period) error {
	folder := r.op.periodFolder(r.head.Name, p.End)
	if err := r.fetch(ctx, folder, p); err != nil {
		return err
	}
	m, err := folder.Manifest()
	if err != nil {
		return err
	}
	p.SHA256, p.Revision, p.Reported = digestOf(m), p.Revision+1, r.op.now().UTC().Truncate(time.Second)
	if p.Revision > 1 {
		if err := setAside(folder, p.Revision-1); err != nil {
			return err
		}
	}
	if err := r.bringBefore(ctx, p); err != nil {
		return err
	}
	answer, err := r.answer(ctx, folder)
	if err != nil {
		return err
	}
	p.Outcome = outcomeOf(answer.Doc)
	r.run.Report(p)
	err = r.keeper.Save(ctx, r.head.Name, r.run)
	r.op.reported = append(r.op.reported, folder.Path)
	r.done = append(r.done, Result{Name: r.head.Name, Start: p.Start, Ends: p.End, Answer: answer, Done: true, Now: r.op.now(), Standing: true, Period: &p})
	return err
}

// fetch brings what was recorded in a period, with the names of its time.
func (r *reporter) fetch(ctx context.Context, folder session.Folder, p ledger.Period) error {
	standing, err := r.op.standingFolder(r.head.Name).Manifest()
	if err != nil {
		return err
	}
	was, err := folder.Manifest()
	if err != nil {
		return err
	}
	m := apply.Period(r.run, standing, p.Start, p.End)
	m.Artifacts = was.Artifacts
	if err := r.names(folder); err != nil {
		return err
	}
	if err := r.collect(ctx, folder, &m); err != nil {
		return err
	}
	apply.Silent(&m, r.run)
	return folder.WriteManifest(m)
}

// names keeps what the subscriptions hold, with what earlier looks of the period and of
// the monitor found.
func (r *reporter) names(folder session.Folder) error {
	var earlier []*plan.Inventory
	for _, f := range []session.Folder{folder, r.op.standingFolder(r.head.Name)} {
		more, err := f.Inventory()
		if err != nil {
			return err
		}
		earlier = append(earlier, more...)
	}
	var out []*plan.Inventory
	for _, inv := range r.op.allInventories() {
		now := *inv
		for _, old := range earlier {
			if old.Provider == inv.Provider && old.Subscription == inv.Subscription {
				now.Remember(old)
			}
		}
		out = append(out, &now)
	}
	return folder.WriteInventory(out)
}

// answer answers the file's questions, or those that the file had when the monitor was in it.
func (r *reporter) answer(ctx context.Context, folder session.Folder) (*Answer, error) {
	if !r.inv.Removed {
		return r.op.answer(ctx, folder)
	}
	a, _, err := Report(ctx, r.op.Settings, folder.Path, r.inv.Report.Formats)
	return a, err
}

// late reports once more the periods whose blobs grew after their report. They are looked
// at for a day, or as long as a period is.
func (r *reporter) late(ctx context.Context) error {
	var errs []error
	for _, p := range slices.Clone(r.run.Periods) {
		if r.op.now().Sub(p.End) > max(plan.Day, r.head.Monitor.Every)+plan.Late {
			continue
		}
		folder := r.op.periodFolder(r.head.Name, p.End)
		if err := r.op.bringFolder(ctx, r.head.Name, filepath.Base(folder.Path)); err != nil {
			errs = append(errs, err)
			continue
		}
		grew, err := r.grew(ctx, folder, p)
		if err == nil && grew {
			err = r.report(ctx, p)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// grew reports whether storage has more of a period than its report rests on. An hour in
// whose midst it ends goes on growing.
func (r *reporter) grew(ctx context.Context, folder session.Folder, p ledger.Period) (bool, error) {
	m, err := folder.Manifest()
	if err != nil || m.Investigation.Name == "" {
		return false, err
	}
	end := p.End.Truncate(time.Hour)
	had, has := map[string]int64{}, map[string]int64{}
	for _, a := range m.Artifacts {
		if hour := filepath.Base(filepath.Dir(filepath.FromSlash(a.Path))); hour < end.Format("20060102T15") {
			had[a.Session] += a.Size
		}
	}
	c := fetch.Collector{Providers: r.op.providers, Inventories: r.op.allInventories()}
	for _, s := range m.Sessions {
		e := r.run.Sessions[s.Fingerprint]
		if e == nil || !p.Start.Before(end) {
			continue
		}
		for _, w := range apply.Wants(e, p.Start, end.Add(-storage.Late)) { // not the hour after it
			n, err := c.Measure(ctx, w)
			if err != nil && !errors.Is(err, plan.ErrNotFound) {
				return false, fmt.Errorf("%s: %w", s.Address, err)
			}
			has[s.Name] += n
		}
	}
	for name, n := range has {
		if n > had[name] { // less: a retention took it, and it is here
			return true, nil
		}
	}
	return false, nil
}

// setAside keeps the documents of a revision that another takes the place of.
func setAside(folder session.Folder, revision int) error {
	for _, name := range []string{"report.md", "report.html", "summary.json"} {
		b, err := os.ReadFile(filepath.Join(folder.Path, name))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = folder.Write(strings.TrimSuffix(name, filepath.Ext(name))+fmt.Sprintf(".%d", revision)+filepath.Ext(name), b)
		}
		if err != nil {
			return fmt.Errorf("keep revision %d: %w", revision, err)
		}
	}
	return nil
}

// prune removes the results of periods that are older than the file keeps them.
func (r *reporter) prune(ctx context.Context) error {
	keep := r.head.Monitor.Keep
	if keep == 0 {
		return nil
	}
	var left []ledger.Period
	var errs []error
	for i, p := range r.run.Periods {
		if i == len(r.run.Periods)-1 || r.op.now().Sub(p.End) <= keep {
			left = append(left, p)
			continue
		}
		if err := r.op.dropFolder(ctx, r.head.Name, r.op.periodFolder(r.head.Name, p.End)); err != nil {
			left, errs = append(left, p), append(errs, err)
		}
	}
	if len(left) < len(r.run.Periods) {
		r.run.Periods = left
		errs = append(errs, r.keeper.Save(ctx, r.head.Name, r.run))
	}
	return errors.Join(errs...)
}

// digestOf is one hash of what a period rests on.
func digestOf(m session.Manifest) string {
	sum := sha256.New()
	for _, a := range m.Artifacts {
		fmt.Fprintf(sum, "%s %s\n", a.SHA256, a.Path)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// outcomeOf is what came of what the file expects: the worst; empty if it expects nothing.
func outcomeOf(doc *summary.Document) string {
	worst := ""
	for _, e := range doc.Expectations {
		switch {
		case e.Outcome == summary.Failed, worst == "", e.Outcome == summary.CannotAnswer && worst != summary.Failed:
			worst = e.Outcome
		}
	}
	return worst
}

// CollectPeriod answers once more of the periods of monitors that ended at a time.
func (op *Operation) CollectPeriod(ctx context.Context, end time.Time) ([]Result, error) {
	plans, err := op.plans(ctx)
	if err != nil {
		return nil, err
	}
	var out []Result
	var errs []error
	for _, p := range plans {
		again, err := op.answerPeriod(ctx, p, end)
		out, errs = append(out, again...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// answerPeriod answers once more of a period that was reported, wherever that was: what is
// not on this machine is brought. Nothing of it is noted.
func (op *Operation) answerPeriod(ctx context.Context, p plan.Plan, end time.Time) ([]Result, error) {
	run := op.ledger.Runs[p.Investigation.Name]
	if run == nil || run.Monitor == nil {
		return nil, nil
	}
	i := slices.IndexFunc(run.Periods, func(x ledger.Period) bool { return x.End.Equal(end) })
	if i < 0 {
		return nil, fmt.Errorf("%s: no period that ended %s is reported; flowctl status says how many are", p.Investigation.Name, end.UTC().Format(time.RFC3339))
	}
	r := reporter{op: op, inv: op.investigation(p.Investigation.Name), head: p.Investigation, keeper: op.keeper(), run: run.Clone()}
	folder := op.periodFolder(p.Investigation.Name, end)
	if err := r.fetchAgain(ctx, folder, run.Periods[i]); err != nil {
		return nil, err
	}
	if err := r.bringBefore(ctx, run.Periods[i]); err != nil {
		return nil, err
	}
	answer, err := r.answer(ctx, folder)
	if err != nil {
		return nil, err
	}
	period := run.Periods[i]
	return []Result{{Name: p.Investigation.Name, Start: period.Start, Ends: period.End, Answer: answer, Done: true, Now: op.now(), Standing: true, Period: &period}}, nil
}
