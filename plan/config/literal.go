package config

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Literal is the condition with the values of variables and locals in their
// places, so that it can be asked again without the file. None of them is
// sensitive. It is empty if there is no condition.
func (s Summary) Literal() (string, hcl.Diagnostics) {
	if s.Where == nil {
		return "", nil
	}
	text, from := []byte(s.Condition), s.Where.Range().Start.Byte
	uses := slices.DeleteFunc(s.Where.Variables(), func(t hcl.Traversal) bool { return !s.given(t.RootName()) })
	slices.SortFunc(uses, func(a, b hcl.Traversal) int { // from the end, so that places stay
		return cmp.Compare(b.SourceRange().Start.Byte, a.SourceRange().Start.Byte)
	})
	for _, t := range uses {
		v, diags := t.TraverseAbs(s.Context)
		if diags.HasErrors() {
			return "", diags
		}
		v, _ = v.UnmarkDeep()
		at := t.SourceRange()
		text = slices.Concat(text[:at.Start.Byte-from], bytes.TrimSpace(hclwrite.TokensForValue(v).Bytes()), text[at.End.Byte-from:])
	}
	return string(text), nil
}

// given reports whether a name is one that the condition gets from the file
// and not from a flow.
func (s Summary) given(root string) bool {
	for ctx := s.Context; ctx != nil; ctx = ctx.Parent() {
		if _, ok := ctx.Variables[root]; ok {
			return true
		}
	}
	return false
}
