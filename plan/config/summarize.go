package config

import (
	"github.com/hashicorp/hcl/v2"

	"flowctl/plan/question"
)

var summarizeSchema = schema{attrs: []string{"where", "by", "top", "order", "having", "compare"}}

// The number of rows of a summary.
const (
	maxTop = 10000
)

// summarize adds a summarize block to an investigation.
func (inv *Investigation) summarize(b block) {
	summarizeSchema.check(b.Body, title(b.Block), b.scope.problems)
	s := Summary{Name: b.Labels[0], Context: b.scope.ctx, Range: header(b.Block), ByRange: b.at("by")}
	b.scope.word(s.Name, "summary", b.LabelRanges[0])
	for _, prior := range inv.Summaries {
		if prior.Name == s.Name {
			b.scope.add("Duplicate name", b.LabelRanges[0], "There is a second summary %q; the first is on line %d. Rename one of them.", s.Name, prior.Range.Start.Line)
			return
		}
	}
	s.By = b.dimensions()
	s.Top = question.TopOf(s.By)
	if n, ok := b.whole("top", 1, maxTop); ok {
		s.Top = int(n)
	}
	s.Question = &question.Question{Name: s.Name, By: s.By, Top: s.Top}
	if text, ok := b.text("order"); ok {
		order, problem := question.ParseOrder(text, s.By...)
		if problem != nil {
			b.scope.add(problem.Summary, b.at("order"), "%s", problem.Detail)
		}
		s.Order, s.Question.Order = order.String(), order
	}
	s.Compare, _ = b.one("compare", "Unknown comparison", []string{Previous})
	if a := b.Body.Attributes["where"]; b.has("where") {
		where, diags := question.Check(a.Expr, question.Scope{Context: b.scope.ctx, Reference: b.scope.refers})
		b.scope.extend(diags)
		s.Where, s.Question.Where = a.Expr, where
		s.Condition = b.source(a.Expr.Range())
	}
	if a := b.Body.Attributes["having"]; b.has("having") {
		having, diags := question.CheckRows(a.Expr, question.Scope{Context: b.scope.ctx, Reference: b.scope.refersToMeasure})
		b.scope.extend(diags)
		s.Having, s.Question.Having = a.Expr, having
		s.Selection = b.source(a.Expr.Range())
	}
	inv.Summaries = append(inv.Summaries, s)
}

// refers says what is wrong with a reference in a condition.
func (s *scope) refers(t hcl.Traversal) hcl.Diagnostics {
	other := *s
	other.problems = &problems{}
	if root := t.RootName(); root != "var" && root != "local" {
		return question.NoField(t)
	}
	other.reference(t)
	return other.list
}

// refersToMeasure says what is wrong with a reference in a condition over rows.
func (s *scope) refersToMeasure(t hcl.Traversal) hcl.Diagnostics {
	if root := t.RootName(); root != "var" && root != "local" {
		return question.NoMeasure(t)
	}
	return s.refers(t)
}

// source returns the text of the file at a range.
func (b block) source(at hcl.Range) string {
	if file := b.scope.files[at.Filename]; file != nil && at.CanSliceBytes(file.Bytes) {
		return string(at.SliceBytes(file.Bytes))
	}
	return ""
}

// dimensions reads by.
func (b block) dimensions() []string {
	items, _ := b.list("by")
	var names, by []string
	for _, i := range items {
		names = append(names, i.text)
	}
	for i, problem := range question.Dimensions(names) {
		if problem != nil {
			b.scope.add(problem.Summary, items[i].at, "%s", problem.Detail)
			continue
		}
		by = append(by, names[i])
	}
	return by
}
