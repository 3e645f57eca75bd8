package operation

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// before is the run or period with which one is compared, and in what words there is none;
// ok is false if there is none.
func before(folder session.Folder, m session.Manifest) (f session.Folder, missing string, ok bool) {
	if mon := m.Investigation.Monitor; mon != nil && mon.Compare == plan.WithLastWeek {
		end := lastWeek(*mon, m.End)
		f = session.Folder{Path: filepath.Join(filepath.Dir(folder.Path), end.UTC().Format(resultsTime))}
		return f, "there is no period that ended " + end.UTC().Format(time.RFC3339), session.Is(f.Path)
	}
	f, ok = session.Previous(folder.Path)
	return f, "there is no earlier run in " + filepath.Base(filepath.Dir(folder.Path)), ok
}

// lastWeek is the end of the period that ended at the same time of day a week before, by the
// clocks of the monitor's zone.
func lastWeek(m plan.Monitor, end time.Time) time.Time {
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		zone = time.UTC
	}
	return end.In(zone).AddDate(0, 0, -7).UTC()
}

// bringBefore brings the period that one is compared with, if it is: another machine may have
// reported it.
func (r *reporter) bringBefore(ctx context.Context, p ledger.Period) error {
	compared := slices.ContainsFunc(r.inv.Summaries, func(s config.Summary) bool { return s.Compare != "" })
	end := p.Start
	switch {
	case !compared:
		return nil
	case r.head.Monitor.Compare == plan.WithLastWeek:
		end = lastWeek(*r.head.Monitor, p.End)
	}
	for _, o := range r.run.Periods {
		if o.End.Equal(end) {
			return r.fetchAgain(ctx, r.op.periodFolder(r.head.Name, o.End), o)
		}
	}
	return nil
}

// fetchAgain brings the raw files of a period where they are missing: another machine reported it.
func (r *reporter) fetchAgain(ctx context.Context, folder session.Folder, p ledger.Period) error {
	if err := r.op.bringFolder(ctx, r.head.Name, filepath.Base(folder.Path)); err != nil {
		return err
	}
	m, err := folder.Manifest()
	if err != nil {
		return err
	}
	for _, a := range m.Artifacts {
		path, err := folder.Join(a.Path)
		if err != nil {
			return err
		}
		if f, err := os.Stat(path); err != nil || f.Size() != a.Size {
			return r.fetch(ctx, folder, p)
		}
	}
	return nil
}
