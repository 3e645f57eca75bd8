package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/plan/syntax"
)

// schema says what a block may hold.
type schema struct {
	attrs   []string
	blocks  map[string]rule
	secrets map[string]string // attributes that there will never be: where their values belong
}

// rule says how a block is written inside another.
type rule struct {
	labels []string // what its labels mean
	many   bool     // it may be repeated
	later  string   // flowctl does not have it yet: what to do instead
}

func (s schema) blockNames() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.blocks)) {
		if s.blocks[name].later == "" {
			names = append(names, name)
		}
	}
	return names
}

// check reports what body holds and may not, and returns the blocks that are
// as they should be, in the order of the file.
func (s schema) check(body *hclsyntax.Body, in string, probs *problems) []*hclsyntax.Block {
	for _, name := range slices.Sorted(maps.Keys(body.Attributes)) {
		if !slices.Contains(s.attrs, name) {
			s.unknownAttr(body.Attributes[name], in, probs)
		}
	}
	seen := map[string]*hclsyntax.Block{}
	var good []*hclsyntax.Block
	for _, b := range body.Blocks {
		r, ok := s.blocks[b.Type]
		switch {
		case !ok:
			s.unknownBlock(b, in, probs)
		case r.later != "":
			probs.add("Not supported yet", b.TypeRange, "flowctl does not have %q yet. %s", b.Type, r.later)
		case seen[b.Type] != nil && !r.many:
			probs.add("Duplicate block", b.TypeRange, "There is a second %s block in %s; the first is on line %d. Join them.",
				b.Type, in, seen[b.Type].TypeRange.Start.Line)
		case checkLabels(b, r, probs):
			good = append(good, b)
		}
		seen[b.Type] = b
	}
	return good
}

func (s schema) unknownAttr(a *hclsyntax.Attribute, in string, probs *problems) {
	if _, ok := s.blocks[a.Name]; ok {
		probs.add("Unknown attribute", a.NameRange, "%q is a block: write %s { … } without an equals sign.", a.Name, a.Name)
		return
	}
	if where, ok := s.secrets[a.Name]; ok {
		probs.add("Secret in a file", a.NameRange, "Files are reviewed and kept, so %s has no %q. %s", in, a.Name, where)
		return
	}
	probs.add("Unknown attribute", a.NameRange, "There is no attribute %q in %s. %s", a.Name, in, syntax.Hint(a.Name, append(slices.Clone(s.attrs), s.blockNames()...)))
}

func (s schema) unknownBlock(b *hclsyntax.Block, in string, probs *problems) {
	if slices.Contains(s.attrs, b.Type) {
		probs.add("Unknown block", b.TypeRange, "%q is an attribute: write %s = … with an equals sign.", b.Type, b.Type)
		return
	}
	probs.add("Unknown block", b.TypeRange, "There is no block %q in %s. %s", b.Type, in, syntax.Hint(b.Type, append(s.blockNames(), s.attrs...)))
}

func checkLabels(b *hclsyntax.Block, r rule, probs *problems) bool {
	if have, want := len(b.Labels), len(r.labels); have < want {
		probs.add("Missing label", b.TypeRange, "A %s block needs its %s: write %s.", b.Type, r.labels[have], labelled(b.Type, r))
		return false
	} else if have > want {
		probs.add("Too many labels", b.LabelRanges[want], "%q is one label too many: write %s.", b.Labels[want], labelled(b.Type, r))
		return false
	}
	return true
}

func labelled(name string, r rule) string {
	var s strings.Builder
	s.WriteString(name)
	for _, l := range r.labels {
		fmt.Fprintf(&s, " %q", l)
	}
	return s.String() + " { … }"
}

// title names a block in messages as it stands in the file.
func title(b *hclsyntax.Block) string {
	s := b.Type
	for _, l := range b.Labels {
		s += fmt.Sprintf(" %q", l)
	}
	return s
}

// header is the range of a block's type and labels.
func header(b *hclsyntax.Block) hcl.Range {
	return b.DefRange()
}
