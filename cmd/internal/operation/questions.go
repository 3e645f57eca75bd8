package operation

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/collectors/summary"
	"flowctl/plan/config"
	"flowctl/plan/dictionary"
	"flowctl/plan/question"
	"flowctl/plan/session"
	"flowctl/plan/syntax"
)

// keepQuestions notes in the manifest what the file asks and what it calls addresses, so that the folder
// can be summed up again without it.
func (op *Operation) keepQuestions(folder session.Folder, m session.Manifest, inv *config.Investigation) (session.Manifest, error) {
	m.Questions, m.Expects = nil, nil
	for _, e := range inv.Expects {
		text, diags := e.Literal()
		if diags.HasErrors() {
			return m, fmt.Errorf("expect %q: %w", e.Name, diags)
		}
		m.Expects = append(m.Expects, session.Expect{Name: e.Name, Condition: text, Message: e.Message, Place: placeOf(e.Range)})
	}
	for _, a := range inv.Summaries {
		where, having, diags := a.Literal()
		if diags.HasErrors() {
			return m, fmt.Errorf("summarize %q: %w", a.Name, diags)
		}
		m.Questions = append(m.Questions, session.Question{Name: a.Name, Where: where, By: a.By, Top: a.Top, Order: a.Order, Having: having, Compare: a.Compare, Place: placeOf(a.Range)})
	}
	names, err := op.names(folder)
	if err != nil {
		return m, err
	}
	m.Dictionary = slices.Concat(names, inv.Dictionary)
	return m, folder.WriteManifest(m)
}

// keepGiven keeps the names and service tags that were given when a run began, so that
// another collect answers with them.
func (op *Operation) keepGiven(folder session.Folder) error {
	if len(op.Names) > 0 {
		if err := folder.WriteNames(op.Names); err != nil {
			return err
		}
	}
	_, err := keepTags(folder, session.Manifest{}, op.Tags)
	return err
}

// names are what networks and addresses are called besides the file: as given now, or
// else before.
func (op *Operation) names(folder session.Folder) ([]dictionary.Entry, error) {
	if len(op.Names) > 0 {
		return op.Names, folder.WriteNames(op.Names)
	}
	return folder.Names()
}

func placeOf(r hcl.Range) session.Place {
	return session.Place{File: filepath.ToSlash(r.Filename), Line: r.Start.Line}
}

// keptQuestions are those of a run's file.
func keptQuestions(m session.Manifest) ([]*summary.Question, error) {
	var list []*summary.Question
	for _, q := range m.Questions {
		compiled, err := compileText(q.Name, Question{By: q.By, Where: q.Where, Top: q.Top, Order: q.Order, Having: q.Having})
		if err != nil {
			return nil, fmt.Errorf("question %q in the manifest: %w", q.Name, err)
		}
		list = append(list, compiled)
	}
	return list, nil
}

// keptExpects are those of a run's file.
func keptExpects(m session.Manifest) ([]summary.Expect, error) {
	var asked []string
	for _, q := range m.Questions {
		asked = append(asked, q.Name)
	}
	check := func(e hcl.Expression, s question.Scope) (*question.Expr, hcl.Diagnostics) {
		return question.CheckExpect(e, s, asked)
	}
	var list []summary.Expect
	for _, e := range m.Expects {
		c, err := condition(e.Condition, "condition", check)
		if err != nil {
			return nil, fmt.Errorf("expectation %q in the manifest: %w", e.Name, err)
		}
		list = append(list, summary.Expect{Name: e.Name, Text: e.Condition, Message: e.Message, Condition: c})
	}
	return list, nil
}

// compileText makes a question of text ready that stands by itself.
func compileText(name string, text Question) (*summary.Question, error) {
	q := question.Question{Name: name, By: text.By, Top: cmp.Or(text.Top, question.TopOf(text.By))}
	ordered := q.By
	if text.Single {
		q.By = summary.FlowFields
		ordered = append(summary.SingleOrders(), q.By...)
	}
	order, problem := question.ParseOrder(text.Order, ordered...)
	if problem != nil {
		return nil, fmt.Errorf("--order: %w", problem)
	}
	q.Order = order
	for _, problem := range question.Dimensions(text.By) {
		if problem != nil {
			return nil, fmt.Errorf("--by: %w", problem)
		}
	}
	var err error
	if q.Where, err = condition(text.Where, "--where", question.Check); err != nil {
		return nil, err
	}
	if q.Having, err = condition(text.Having, "--having", question.CheckRows); err != nil {
		return nil, err
	}
	if text.Single {
		return summary.CompileFlows(q), nil
	}
	return summary.Compile(q), nil
}

// condition reads one that stands by itself; there is none in the empty text.
func condition(text, flag string, check func(hcl.Expression, question.Scope) (*question.Expr, hcl.Diagnostics)) (*question.Expr, error) {
	if text == "" {
		return nil, nil
	}
	expr, diags := syntax.Expression(text, flag)
	if diags.HasErrors() {
		return nil, oneLine(diags)
	}
	e, diags := check(expr, question.Scope{Context: &hcl.EvalContext{Functions: config.Functions()}})
	if diags.HasErrors() {
		return nil, oneLine(diags)
	}
	return e, nil
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
