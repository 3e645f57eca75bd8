package operation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"flowctl/cmd/internal/report"
	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/session"
)

// mostPreliminary is how much of storage is read, and kept until the end of a run, for
// answers before it.
const mostPreliminary = 256 << 20

// preliminary answers the first question of a run that goes on, from what its flow logs
// have written. That is fetched into a folder of its own, each block once, so that the
// run's own files are what they would be without it.
type preliminary struct {
	op     *Operation
	name   string
	folder func() session.Folder // of the run
	dir    string                // of what was fetched; empty before
	have   map[string][]session.Artifact
	fetch  *fetch.Transfer
}

// answer is the answer until now, with how much of the window it covers; empty if there is
// none, or if it would take too much reading. What goes wrong is met again by the run itself.
func (p *preliminary) answer(ctx context.Context, wants []apply.Want, bytes int64, now time.Time) string {
	if bytes > mostPreliminary {
		return ""
	}
	m, err := p.folder().Manifest()
	if err != nil || !m.End.After(m.Start) {
		return ""
	}
	if m.Artifacts, err = p.bring(ctx, wants); err != nil || len(m.Artifacts) == 0 {
		return ""
	}
	text, err := p.sentence(ctx, m, now)
	if err != nil {
		return ""
	}
	return text
}

// bring fetches what is new.
func (p *preliminary) bring(ctx context.Context, wants []apply.Want) ([]session.Artifact, error) {
	if p.dir == "" {
		dir, err := os.MkdirTemp("", "flowctl-so-far-")
		if err != nil {
			return nil, err
		}
		p.dir, p.have, p.fetch = dir, map[string][]session.Artifact{}, fetch.NewTransfer()
	}
	c := fetch.Collector{Folder: session.Folder{Path: p.dir}, Providers: p.op.providers, Inventories: p.op.allInventories(), Transfer: p.fetch}
	var all []session.Artifact
	for _, w := range wants {
		w.Have = p.have[w.Session.Name]
		got, err := c.Collect(ctx, w)
		if err != nil && !errors.Is(err, plan.ErrNotFound) {
			return nil, err
		}
		p.have[w.Session.Name] = got
		all = append(all, got...)
	}
	return all, nil
}

// sentence answers from what was fetched.
func (p *preliminary) sentence(ctx context.Context, m session.Manifest, now time.Time) (string, error) {
	m, err := keepTags(p.folder(), m, nil)
	if err != nil {
		return "", err
	}
	questions, err := compile(p.op.investigation(p.name).Summaries)
	if err != nil {
		return "", err
	}
	sum, err := folderSum(p.folder(), m, questions[:min(1, len(questions))])
	if err != nil {
		return "", err
	}
	sum.Root, sum.Options.Expects = p.dir, nil
	doc, problems, err := sum.Run(ctx)
	if err != nil {
		return "", err
	}
	defer doc.Conversations.Close()
	if problems.Count > 0 || doc.Total.Records == 0 || !doc.Total.Last.Known() {
		return "", nil
	}
	until := doc.Total.Last.Time()
	return fmt.Sprintf("%s Until %s UTC, %s of %s; preliminary.", report.Sentence(doc), until.UTC().Format("15:04"),
		plan.Duration(until.Sub(m.Start).Round(time.Minute)), plan.Duration(m.End.Sub(m.Start).Round(time.Minute))), nil
}

// close removes what was fetched.
func (p *preliminary) close() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}
