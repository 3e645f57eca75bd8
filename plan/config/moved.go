package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan/syntax"
)

var movedSchema = schema{attrs: []string{"from", "to"}}

// moves reads the moved blocks: what a watch was called before, so that what was
// started for it is followed under its new name.
func (l *loader) moves(inv *Investigation, b block) {
	for _, raw := range b.Body.Blocks {
		if raw.Type != "moved" {
			continue
		}
		movedSchema.check(raw.Body, "moved", &l.problems)
		from, ok := l.address(raw, "from")
		to, ok2 := l.address(raw, "to")
		if ok && ok2 {
			l.moved(inv, raw, from, to)
		}
	}
}

// moved notes one move: of one watch, or of all that a for_each makes.
func (l *loader) moved(inv *Investigation, raw *hclsyntax.Block, from, to string) {
	var known []string
	n := 0
	for _, w := range inv.Watches {
		address, whole := w.Address(), w.Kind+"."+w.Name
		known = append(known, address)
		if address == from || whole == from {
			l.add("Watch is still there", raw.Body.Attributes["from"].SrcRange, "%s was not moved: the investigation still has it. Remove the moved block, or rename the watch.", from)
			return
		}
		old := from
		if address != to {
			if whole != to {
				continue
			}
			old = from + address[len(whole):]
		}
		n++
		if inv.Moved == nil {
			inv.Moved = map[string]string{}
		}
		if before := inv.Moved[address]; before != "" && before != old {
			l.add("Conflicting moves", raw.Body.Attributes["to"].SrcRange, "%s was %s before, as another moved block says; it cannot have been %s too.", address, before, old)
			return
		}
		inv.Moved[address] = old
	}
	if n == 0 {
		slices.Sort(known)
		l.add("Unknown watch", raw.Body.Attributes["to"].SrcRange, "The investigation has no watch %s to which %s could have moved. %s", to, from, syntax.Hint(to, known))
	}
}

// address reads the address of a watch: vnet.hub, vnet.spoke["hub"], or the same
// as a text.
func (l *loader) address(raw *hclsyntax.Block, name string) (string, bool) {
	a := raw.Body.Attributes[name]
	if a == nil {
		l.add("Missing attribute", header(raw), "moved needs %s, the address of a watch, such as vnet.hub.", name)
		return "", false
	}
	if t, diags := hcl.AbsTraversalForExpr(a.Expr); !diags.HasErrors() {
		if s, ok := traversed(t); ok {
			return s, true
		}
	} else if v, diags := a.Expr.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		return v.AsString(), true
	}
	l.add("Invalid address", a.SrcRange, "%s is not the address of a watch. Write it as vnet.hub, or as vnet.spoke[\"key\"] for one of for_each.", name)
	return "", false
}

// traversed is kind.name, with a key if there is one.
func traversed(t hcl.Traversal) (string, bool) {
	if len(t) < 2 || len(t) > 3 {
		return "", false
	}
	name, ok := t[1].(hcl.TraverseAttr)
	if !ok {
		return "", false
	}
	out := t.RootName() + "." + name.Name
	if len(t) == 2 {
		return out, true
	}
	key, ok := t[2].(hcl.TraverseIndex)
	if !ok || key.Key.Type() != cty.String {
		return "", false
	}
	return fmt.Sprintf("%s[%q]", out, key.Key.AsString()), true
}
