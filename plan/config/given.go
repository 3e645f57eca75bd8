package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan/syntax"
)

// given is a value that a variable gets from outside the files.
type given struct {
	from  string    // "--var", "FLOWCTL_VAR_x" or a file, for messages
	raw   string    // as it was written, if value is cty.NilVal
	value cty.Value // of a file of variables
	flag  bool      // of --var: the user named the variable just now
}

const envPrefix = "FLOWCTL_VAR_"

// gather collects what variables get, later sources over earlier ones.
func gather(in Inputs, probs *problems) map[string]*given {
	all := map[string]*given{}
	for _, kv := range in.Environ {
		if name, raw, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, envPrefix) {
			all[strings.TrimPrefix(name, envPrefix)] = &given{from: name, raw: raw}
		}
	}
	for _, path := range in.VarFiles {
		readVarFile(path, all, probs)
	}
	for _, kv := range in.Vars {
		name, raw, ok := strings.Cut(kv, "=")
		if !ok || name == "" {
			probs.general(hcl.DiagError, "Invalid flag", "--var needs name=value; %q has no equals sign after a name.", name)
			continue
		}
		all[strings.TrimSpace(name)] = &given{from: "--var", raw: raw, flag: true}
	}
	return all
}

// readVarFile reads a file of attributes. Its problems are told without its
// lines, since those may hold secrets.
func readVarFile(path string, all map[string]*given, probs *problems) {
	file := readFile(path, probs)
	if file == nil {
		return
	}
	body := file.Body.(*hclsyntax.Body)
	for _, b := range body.Blocks {
		probs.add("Unknown block", b.TypeRange, "A file of variables holds only lines such as name = \"value\", no blocks such as %s.", b.Type)
	}
	for _, name := range slices.Sorted(maps.Keys(body.Attributes)) {
		val, diags := body.Attributes[name].Expr.Value(nil)
		probs.extend(diags)
		if diags.HasErrors() {
			val = cty.DynamicVal
		}
		all[name] = &given{from: path, value: val}
	}
}

// valueFor returns the value as the variable's type wants it.
func (g *given) valueFor(v *variable, probs *problems) cty.Value {
	val := g.value
	if val == cty.NilVal {
		val = g.parse(v, probs)
	}
	if !val.IsWhollyKnown() {
		return cty.DynamicVal
	}
	return v.convert(val, g.from, v.typeAt, probs)
}

// parse reads a value that was given as text: that text itself for a variable
// that is text, a number or a truth, an expression for all others.
func (g *given) parse(v *variable, probs *problems) cty.Value {
	if v.literal {
		return cty.StringVal(g.raw)
	}
	if len(g.raw) > maxFile {
		return g.refuse(v, "it is too long", probs)
	}
	expr, diags := syntax.Expression(g.raw, g.from)
	if !diags.HasErrors() {
		val, more := expr.Value(nil)
		if !more.HasErrors() {
			return val
		}
		diags = more
	}
	why := fmt.Sprintf("%s (%s)", diags[0].Summary, diags[0].Detail)
	if v.sensitive {
		why = "it is not an expression"
	}
	return g.refuse(v, why, probs)
}

func (g *given) refuse(v *variable, why string, probs *problems) cty.Value {
	probs.add("Invalid value for variable", v.typeAt, "The value of variable %q from %s cannot be read: %s. Text inside lists and maps stands in double quotes.", v.name, g.from, strings.TrimSuffix(why, "."))
	return cty.DynamicVal
}

// undeclared reports values that no variable wants. An environment is shared
// by many runs, and so is a file of variables; a flag is meant for this one.
func undeclared(all map[string]*given, vars map[string]*variable, probs *problems) {
	known := slices.Sorted(maps.Keys(vars))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		g := all[name]
		switch {
		case vars[name] != nil:
		case g.flag:
			probs.general(hcl.DiagError, "Unknown variable", "--var sets %q, but no variable of this name is declared. %s", name, syntax.Hint(name, known))
		case g.value != cty.NilVal:
			probs.general(hcl.DiagWarning, "Unknown variable", "%s sets %q, but no variable of this name is declared. %s", g.from, name, syntax.Hint(name, known))
		}
	}
}
