package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"flowctl/collectors/flow"
)

var summarizeSchema = schema{attrs: []string{"where", "by", "top"}}

// The number of rows of a summary.
const (
	defaultTop = 20
	maxTop     = 10000
)

// summarize adds a summarize block to an investigation.
func (inv *Investigation) summarize(b block) {
	summarizeSchema.check(b.Body, title(b.Block), b.scope.problems)
	s := Summary{Name: b.Labels[0], Top: defaultTop, Context: b.scope.ctx, Range: header(b.Block), ByRange: b.at("by")}
	b.scope.word(s.Name, "summary", b.LabelRanges[0])
	for _, prior := range inv.Summaries {
		if prior.Name == s.Name {
			b.scope.add("Duplicate name", b.LabelRanges[0], "There is a second summary %q; the first is on line %d. Rename one of them.", s.Name, prior.Range.Start.Line)
			return
		}
	}
	if n, ok := b.whole("top", 1, maxTop); ok {
		s.Top = int(n)
	}
	s.By = b.dimensions()
	if a := b.Body.Attributes["where"]; b.has("where") {
		condition{b.scope}.check(a.Expr)
		s.Where = a.Expr
		s.Condition = b.source(a.Expr.Range())
	}
	inv.Summaries = append(inv.Summaries, s)
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
	var by []string
	for _, i := range items {
		switch {
		case !slices.Contains(fieldNames(), i.text):
			b.scope.add("Unknown field", i.at, "Flows have no field %q. %s", i.text, hint(i.text, fieldNames()))
		case slices.Contains(by, i.text):
			b.scope.add("Duplicate value", i.at, "%q is in the list twice. Remove one.", i.text)
		default:
			by = append(by, i.text)
		}
	}
	return by
}

func fieldNames() []string {
	var names []string
	for _, f := range flow.Fields() {
		names = append(names, f.Name)
	}
	return names
}
