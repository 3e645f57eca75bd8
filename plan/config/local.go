package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// locals evaluates local values, each after those that it is made of.
type locals struct {
	attrs map[string]*hclsyntax.Attribute
	base  *scope // variables and functions
	done  map[string]cty.Value
	path  []string // being evaluated, outermost first
}

// evalLocals returns the values of all locals. Those that are wrong or go in
// a circle are cty.DynamicVal, once that has been noted.
func evalLocals(attrs map[string]*hclsyntax.Attribute, base *scope) map[string]cty.Value {
	l := &locals{attrs: attrs, base: base, done: map[string]cty.Value{}}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		l.eval(name)
	}
	return l.done
}

func (l *locals) eval(name string) {
	if _, ok := l.done[name]; ok {
		return
	}
	if i := slices.Index(l.path, name); i >= 0 {
		l.circle(l.path[i:])
		return
	}
	l.path = append(l.path, name)
	attr := l.attrs[name]
	for _, dep := range l.needs(attr) {
		l.eval(dep)
	}
	l.path = l.path[:len(l.path)-1]
	if _, ok := l.done[name]; !ok {
		s := l.base.child(map[string]cty.Value{"local": object(l.done)})
		l.done[name] = s.value(attr.Expr)
	}
}

// needs returns the locals that one is made of; one that refers to all of
// them at once needs every other.
func (l *locals) needs(attr *hclsyntax.Attribute) []string {
	var names []string
	for _, t := range attr.Expr.Variables() {
		if t.RootName() != "local" {
			continue
		}
		name, ok := second(t)
		if !ok {
			return slices.Sorted(maps.Keys(l.attrs))
		}
		if l.attrs[name] != nil {
			names = append(names, name)
		}
	}
	return names
}

// circle notes a circle at its first member in the order of the files.
func (l *locals) circle(names []string) {
	first := slices.MinFunc(names, func(a, b string) int {
		x, y := l.attrs[a].SrcRange, l.attrs[b].SrcRange
		return strings.Compare(x.Filename, y.Filename)*2 + sign(x.Start.Byte-y.Start.Byte)
	})
	i := slices.Index(names, first)
	round := append(append(slices.Clone(names[i:]), names[:i]...), first)
	l.base.add("Cyclic locals", l.attrs[first].NameRange, "These locals need each other: local.%s. Make one of them without the others.",
		strings.Join(round, " → local."))
	for _, n := range names {
		l.done[n] = cty.DynamicVal
	}
}

func sign(n int) int { return min(1, max(-1, n)) }
