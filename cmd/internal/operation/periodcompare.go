package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"flowctl/cmd/internal/report"
	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// comparedBy is how periods are compared whose file asks nothing by anything.
var comparedBy = []string{"source.address", "destination.address", "protocol", "port"}

// MostCompared is how many rows of each side are compared.
const MostCompared = 50_000

// compare compares a period with an earlier one, as the file asks, and adds what differs to
// its reports.
func (r *reporter) compare(ctx context.Context, folder session.Folder, done *PeriodDone) error {
	other := r.other(done.Period)
	if other == nil {
		return nil
	}
	before := r.op.periodFolder(r.head.Name, other.End)
	if err := r.fetchAgain(ctx, before, *other); err != nil {
		return err
	}
	c, err := r.op.compareFolders(ctx, before, folder)
	if err != nil {
		return err
	}
	done.Compared, done.With = c, other
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := folder.Write("compare.json", append(b, '\n')); err != nil {
		return err
	}
	return appendComparison(folder, c, *other)
}

// other is the period that one is compared with; nil if there is none.
func (r *reporter) other(p ledger.Period) *ledger.Period {
	end := p.Start
	switch r.head.Monitor.Compare {
	case "":
		return nil
	case plan.WithLastWeek:
		end = r.lastWeek(p.End)
	}
	for _, o := range r.run.Periods {
		if o.End.Equal(end) {
			return &o
		}
	}
	return nil
}

// lastWeek is the end of the period that ended at the same time of day a week before, by the
// clocks of the monitor's zone.
func (r *reporter) lastWeek(end time.Time) time.Time {
	zone := time.UTC
	if z, err := time.LoadLocation(r.head.Monitor.Zone); err == nil {
		zone = z
	}
	return end.In(zone).AddDate(0, 0, -7).UTC()
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

// compareFolders compares two results folders by the first question that the second's file
// asks by something.
func (op *Operation) compareFolders(ctx context.Context, a, b session.Folder) (*summary.Comparison, error) {
	m, err := b.Manifest()
	if err != nil {
		return nil, err
	}
	ask := Question{By: comparedBy, Top: MostCompared}
	for _, q := range m.Questions {
		if len(q.By) > 0 {
			ask.By, ask.Where = q.By, q.Where
			break
		}
	}
	var sides [2]*Answer
	for i, f := range []session.Folder{a, b} {
		if sides[i], err = Summarize(ctx, op.Settings, SummarizeOptions{Paths: []string{f.Path}, Question: &ask, Compared: true}); err != nil {
			return nil, err
		}
		defer sides[i].Close()
	}
	if err := errors.Join(sides[0].Err(), sides[1].Err()); err != nil {
		return nil, err
	}
	return summary.Compare(sides[0].Doc, sides[1].Doc, sides[0].Meta.Start, sides[1].Meta.Start), nil
}

// appendComparison adds what differs to the report of a period.
func appendComparison(folder session.Folder, c *summary.Comparison, with ledger.Period) error {
	b, err := os.ReadFile(filepath.Join(folder.Path, "report.md"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	out := bytes.NewBuffer(b)
	report.Compared(out, c, with.Start, with.End)
	return folder.Write("report.md", out.Bytes())
}
