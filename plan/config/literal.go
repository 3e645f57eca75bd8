package config

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"flowctl/plan/question"
)

// Literal is the conditions with the values of variables and locals in their
// places, so that they can be asked again without the file. None of them is
// sensitive. They are empty if there is no condition.
func (s Summary) Literal() (where, having string, diags hcl.Diagnostics) {
	where, diags = literal(s.Where, s.Condition, s.Context)
	having, more := literal(s.Having, s.Selection, s.Context)
	return where, having, append(diags, more...)
}

// literal is e, which text is, with all values in it.
func literal(e hcl.Expression, source string, ctx *hcl.EvalContext) (string, hcl.Diagnostics) {
	if e == nil {
		return "", nil
	}
	text, from := []byte(source), e.Range().Start.Byte
	uses := slices.DeleteFunc(e.Variables(), func(t hcl.Traversal) bool {
		return question.IsField(t) || question.IsNumber(t) || !inContext(ctx, t.RootName())
	})
	slices.SortFunc(uses, func(a, b hcl.Traversal) int { // from the end, so that places stay
		return cmp.Compare(b.SourceRange().Start.Byte, a.SourceRange().Start.Byte)
	})
	for _, t := range uses {
		v, diags := t.TraverseAbs(ctx)
		if diags.HasErrors() {
			return "", diags
		}
		v, _ = v.UnmarkDeep()
		at := t.SourceRange()
		text = slices.Concat(text[:at.Start.Byte-from], bytes.TrimSpace(hclwrite.TokensForValue(v).Bytes()), text[at.End.Byte-from:])
	}
	return string(text), nil
}

// inContext reports whether a name is one that the condition gets from the file
// and not from a flow.
func inContext(ctx *hcl.EvalContext, root string) bool {
	for ; ctx != nil; ctx = ctx.Parent() {
		if _, ok := ctx.Variables[root]; ok {
			return true
		}
	}
	return false
}
