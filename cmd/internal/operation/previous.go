package operation

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"flowctl/collectors/summary"
	"flowctl/plan/config"
	"flowctl/plan/question"
	"flowctl/plan/session"
)

// MostCompared is how many rows of each side are compared.
const MostCompared = 50_000

// sinceBefore puts with each answer whose question asks for it what changed since the
// run before. Both runs are read for it, each in its own window and with its own names.
func sinceBefore(ctx context.Context, folder session.Folder, m session.Manifest, doc *summary.Document) error {
	asks := slices.DeleteFunc(slices.Clone(m.Questions), func(q session.Question) bool { return q.Compare != config.Previous })
	if len(asks) == 0 {
		return nil
	}
	before, missing, ok := before(folder, m)
	if !ok {
		for _, q := range asks {
			if a := answerTo(doc, q.Name); a != nil {
				a.Since = &summary.Since{Missing: missing}
			}
		}
		return nil
	}
	var sides [2]compared
	for i, f := range []session.Folder{before, folder} {
		var err error
		if sides[i], err = readCompared(ctx, f, asks); err != nil {
			return fmt.Errorf("compare with the run before, %s: %w", filepath.Base(before.Path), err)
		}
	}
	for i, q := range asks {
		if a := answerTo(doc, q.Name); a != nil {
			c := summary.Compare(sides[0].of(i), sides[1].of(i), sides[0].m.Start, sides[1].m.Start)
			a.Since = summary.SinceOf(filepath.Base(before.Path), c, cmp.Or(q.Top, question.TopOf(q.By)))
		}
	}
	return nil
}

func answerTo(doc *summary.Document, name string) *summary.Answer {
	i := slices.IndexFunc(doc.Asks, func(a summary.Answer) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &doc.Asks[i]
}

// compared is one side: a run's answers to all questions that are compared.
type compared struct {
	m    session.Manifest
	doc  *summary.Document
	each int // answers that Compare wants of one question
}

// of is the side's document with the answers to question i alone.
func (c compared) of(i int) *summary.Document {
	one := *c.doc
	one.Asks = c.doc.Asks[i*c.each : (i+1)*c.each]
	return &one
}

func readCompared(ctx context.Context, folder session.Folder, asks []session.Question) (c compared, err error) {
	if c.m, err = folder.Manifest(); err != nil {
		return c, err
	}
	o := summary.Options{Only: true}
	for _, q := range asks {
		compiled, err := compileText(q.Name, Question{By: q.By, Where: q.Where, Top: MostCompared})
		if err != nil {
			return c, err
		}
		pair := summary.Compared(compiled)
		o.Questions, c.each = append(o.Questions, pair...), len(pair)
	}
	sum, err := folderSum(folder, c.m, o.Questions)
	if err != nil {
		return c, err
	}
	sum.Options.Only, sum.Options.Expects = true, nil
	if c.doc, _, err = sum.Run(ctx); err != nil {
		return c, err
	}
	return c, c.doc.Conversations.Close()
}
