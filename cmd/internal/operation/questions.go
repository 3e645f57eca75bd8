package operation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/collectors/summary"
	"flowctl/plan/config"
	"flowctl/plan/question"
	"flowctl/plan/session"
	"flowctl/plan/syntax"
)

// keepQuestions notes in the manifest what the file asks, so that the folder
// can be summed up again without it.
func keepQuestions(folder session.Folder, m session.Manifest, asks []config.Summary) (session.Manifest, error) {
	m.Questions = nil
	for _, a := range asks {
		where, diags := a.Literal()
		if diags.HasErrors() {
			return m, fmt.Errorf("summarize %q: %w", a.Name, diags)
		}
		m.Questions = append(m.Questions, session.Question{Name: a.Name, Where: where, By: a.By, Top: a.Top, Order: a.Order})
	}
	return m, folder.WriteManifest(m)
}

// keptQuestions are those of a run's file.
func keptQuestions(m session.Manifest) ([]*summary.Question, error) {
	var list []*summary.Question
	for _, q := range m.Questions {
		compiled, err := compileText(q.Name, Question{By: q.By, Where: q.Where, Top: q.Top, Order: q.Order})
		if err != nil {
			return nil, fmt.Errorf("question %q in the manifest: %w", q.Name, err)
		}
		list = append(list, compiled)
	}
	return list, nil
}

// compileText makes a question of text ready that stands by itself.
func compileText(name string, text Question) (*summary.Question, error) {
	q := question.Question{Name: name, By: text.By, Top: text.Top}
	order, problem := question.ParseOrder(text.Order)
	if problem != nil {
		return nil, fmt.Errorf("--order: %w", problem)
	}
	q.Order = order
	for _, problem := range question.Dimensions(text.By) {
		if problem != nil {
			return nil, fmt.Errorf("--by: %w", problem)
		}
	}
	if text.Where == "" {
		return summary.Compile(q), nil
	}
	expr, diags := syntax.Expression(text.Where, "--where")
	if !diags.HasErrors() {
		q.Where, diags = question.Check(expr, question.Scope{Context: &hcl.EvalContext{Functions: config.Functions()}})
	}
	if diags.HasErrors() {
		return nil, oneLine(diags)
	}
	return summary.Compile(q), nil
}

// oneLine is the first thing wrong with a question, in a line.
func oneLine(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		at := ""
		if d.Subject != nil && d.Subject.Filename != "" {
			at = fmt.Sprintf("%s, column %d: ", d.Subject.Filename, d.Subject.Start.Column)
		}
		return errors.New(at + d.Summary + ": " + strings.TrimSpace(d.Detail))
	}
	return diags
}
