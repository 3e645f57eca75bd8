package operation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/config"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// A monitor is an investigation without an end, whose answers are cut into periods. What it
// keeps in Azure lies in a folder of its own, and each period in one that is like that of
// a run, so that whatever reads results reads those.

// standingName is the folder of a monitor itself, besides those of its periods.
const standingName = "standing"

func (s Settings) standingFolder(name string) session.Folder {
	return session.Folder{Path: filepath.Join(s.resultsOf(name), standingName)}
}

func (s Settings) periodFolder(name string, end time.Time) session.Folder {
	return session.Folder{Path: filepath.Join(s.resultsOf(name), end.UTC().Format(resultsTime))}
}

// file is what the ledger calls the file or folder that is carried out: from the working
// folder, so that it is the same in every checkout.
func (op *Operation) file() string {
	path := filepath.Clean(op.Source.Path)
	if wd, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
		if rel, err := filepath.Rel(wd, path); err == nil {
			path = rel
		}
	}
	return filepath.ToSlash(path)
}

// adoptRemoved adds the monitors that the ledger has of this file, and the file has no
// more: they end by a plan as everything else does.
func (op *Operation) adoptRemoved() error {
	for _, name := range slices.Sorted(maps.Keys(op.ledger.Runs)) {
		run := op.ledger.Runs[name]
		has := slices.ContainsFunc(op.Config.Investigations, func(i *config.Investigation) bool { return i.Name == name })
		if has || run.Monitor == nil || run.File != op.file() || !run.Finished.IsZero() && len(run.Due(*run.Monitor.Monitor, run.Finished)) == 0 {
			continue
		}
		m := run.Monitor
		op.Config.Investigations = append(op.Config.Investigations, &config.Investigation{
			Name: name, Reason: m.Reason, Owner: m.Owner, Ticket: m.Ticket, Monitor: m.Monitor, Window: m.Monitor.Every, Removed: true,
			Report: config.Report{Formats: m.Monitor.Formats},
		})
	}
	if len(op.Config.Investigations) > 0 {
		return nil
	}
	src := op.Source
	src.empty = false
	_, err := Load(op.Settings, src) // which says what is missing
	return err
}

// usedBy adds the providers of what a monitor started that the file has no more.
func (op *Operation) usedBy(name string, used map[string]bool) {
	for _, e := range op.ledger.Runs[name].Sessions {
		used[e.Session.Target.Provider] = true
	}
}

// keepAsked notes in the folder of a monitor what its file asks, for when it is in the file
// no more.
func (op *Operation) keepAsked(name string, folder session.Folder) error {
	inv := op.investigation(name)
	if inv.Removed {
		return nil
	}
	m, err := folder.Manifest()
	if err != nil {
		return err
	}
	_, err = op.keepQuestions(folder, m, inv)
	return err
}

// next says which report of a monitor comes next, and when at the earliest.
func (op *Operation) next(inv plan.Investigation, run *ledger.Run) string {
	from := run.Started
	if n := len(run.Periods); n > 0 && run.Periods[n-1].End.After(from) {
		from = run.Periods[n-1].End
	}
	_, to := inv.Monitor.Period(from)
	if to.After(run.Ends) {
		to = run.Ends
	}
	if !from.Before(to) {
		return ""
	}
	form := "2006-01-02 15:04"
	if !op.now().Before(to.Add(apply.DefaultLimits.Settle)) {
		return fmt.Sprintf("%s to %s UTC, whose last records are awaited until %s at most", from.UTC().Format(form), to.UTC().Format(form), to.Add(apply.DefaultLimits.Late).UTC().Format(form))
	}
	return fmt.Sprintf("%s to %s UTC, which flowctl collect makes from %s on", from.UTC().Format(form), to.UTC().Format(form), to.Add(apply.DefaultLimits.Settle).UTC().Format(form))
}

// report makes the report of every period of a monitor that is over and not reported, and
// looks at those of late once more. It says in the end what comes next.
func (op *Operation) report(ctx context.Context, p plan.Plan) ([]Result, error) {
	name := p.Investigation.Name
	run := op.ledger.Runs[name]
	if run == nil || run.Monitor == nil {
		return nil, fmt.Errorf("%s: nothing is recording; flowctl apply starts it", name)
	}
	r := reporter{op: op, inv: op.investigation(name), head: p.Investigation, keeper: op.keeper(), run: run.Clone()}
	if run.Finished.IsZero() && !p.Removed {
		seen, err := op.newRun(r.keeper, apply.Observed(p, run), ApplyOptions{look: true})
		if err == nil {
			err = seen.Observe(ctx)
		}
		if err != nil {
			return nil, err
		}
		r.run = seen.Ledger()
		if err := op.keepAsked(name, seen.Folder()); err != nil {
			return nil, err
		}
	}
	err := errors.Join(r.late(ctx), r.due(ctx), r.prune(ctx))
	own := Result{Name: name, Standing: true, Now: op.now(), Next: op.next(p.Investigation, r.run), Done: p.Removed, Ends: r.run.Ends}
	return append(r.done, own), err
}

// collectPeriod brings what a monitor's sessions recorded in a period.
func (r *reporter) collect(ctx context.Context, folder session.Folder, m *session.Manifest) error {
	have := map[string][]session.Artifact{}
	for _, a := range m.Artifacts {
		have[a.Session] = append(have[a.Session], a)
	}
	transfer := fetch.NewTransfer()
	var all []session.Artifact
	var errs []error
	for _, s := range m.Sessions {
		for i, w := range apply.Wants(r.run.Sessions[s.Fingerprint], m.Start, m.End) {
			sub := ""
			if i > 0 { // blobs of one name in another account
				sub = fmt.Sprintf("earlier-%d/", i)
			}
			for _, a := range have[s.Name] {
				if len(a.Path) > len(sub) && a.Path[:len(sub)] == sub {
					a.Path = a.Path[len(sub):]
					w.Have = append(w.Have, a)
				}
			}
			c := fetch.Collector{Folder: session.Folder{Path: filepath.Join(folder.Path, sub)}, Providers: r.op.providers, Inventories: r.op.allInventories(), Transfer: transfer}
			got, err := c.Collect(ctx, w)
			if err != nil && !errors.Is(err, plan.ErrNotFound) {
				errs = append(errs, fmt.Errorf("%s: %w", s.Address, err))
			}
			for _, a := range got {
				a.Path = sub + a.Path
				all = append(all, a)
			}
		}
	}
	m.Artifacts = all
	return errors.Join(errs...)
}
