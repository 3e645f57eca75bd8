package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"flowctl/plan/syntax"
)

var variableSchema = schema{
	attrs:  []string{"type", "default", "description", "sensitive", "nullable"},
	blocks: map[string]rule{"validation": {many: true}},
}

var validationSchema = schema{attrs: []string{"condition", "error_message"}}

// variable is a declaration, and the value that it got.
type variable struct {
	name       string
	typ        cty.Type
	literal    bool // a value given as text is that text, not an expression
	defaults   *typeexpr.Defaults
	def        cty.Value // cty.NilVal: none
	sensitive  bool
	nullable   bool
	checks     []*hclsyntax.Block
	at, typeAt hcl.Range

	value cty.Value // cty.DynamicVal if there is none, which has been noted
}

func decodeVariable(b *hclsyntax.Block, probs *problems) *variable {
	v := &variable{name: b.Labels[0], typ: cty.DynamicPseudoType, literal: true, nullable: true, at: header(b), typeAt: header(b)}
	for _, c := range variableSchema.check(b.Body, title(b), probs) {
		if checks := validationSchema.check(c.Body, "validation", probs); len(checks) == 0 && complete(c, v, probs) {
			v.checks = append(v.checks, c)
		}
	}
	if !wordForm().MatchString(v.name) {
		probs.add("Invalid name", b.LabelRanges[0], "A variable cannot be called %q. %s", v.name, wordRule)
	}
	static := block{Block: b, scope: &scope{problems: probs}}
	v.sensitive = static.truth("sensitive")
	v.nullable = !static.has("nullable") || static.truth("nullable")
	static.text("description")
	v.decodeType(b, probs)
	v.decodeDefault(b, probs)
	return v
}

// complete reports a validation block that lacks one of its attributes.
func complete(c *hclsyntax.Block, v *variable, probs *problems) bool {
	for _, name := range validationSchema.attrs {
		if c.Body.Attributes[name] == nil {
			probs.add("Missing attribute", header(c), "The validation of variable %q needs %s.", v.name, name)
			return false
		}
	}
	return true
}

func (v *variable) decodeType(b *hclsyntax.Block, probs *problems) {
	a := b.Body.Attributes["type"]
	if a == nil {
		return
	}
	v.typeAt = a.Expr.Range()
	t, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
	probs.extend(diags)
	if !diags.HasErrors() {
		v.typ, v.defaults, v.literal = t, defaults, t.IsPrimitiveType()
	}
}

func (v *variable) decodeDefault(b *hclsyntax.Block, probs *problems) {
	a := b.Body.Attributes["default"]
	if a == nil {
		return
	}
	at := a.Expr.Range()
	if v.sensitive { // the line would show it
		at = v.at
	}
	val, diags := a.Expr.Value(nil)
	if diags.HasErrors() {
		probs.extend(constantOnly(diags, a.Expr))
		v.def = cty.DynamicVal
		return
	}
	v.def = v.convert(val, "default", at, probs)
	if v.def.IsNull() && !v.nullable {
		probs.add("Null value", at, "Variable %q is not nullable, so its default cannot be null.", v.name)
	}
}

// constantOnly says of a default that refers to something what to do instead.
func constantOnly(diags hcl.Diagnostics, expr hcl.Expression) hcl.Diagnostics {
	if len(expr.Variables()) == 0 {
		return diags
	}
	better := *diags[0]
	better.Detail = "A default is a value of its own and refers to nothing. Compute it in locals, as in locals { a = coalesce(var.a, var.b) }."
	return hcl.Diagnostics{&better}
}

// convert fits a value to the type of the variable.
func (v *variable) convert(val cty.Value, from string, at hcl.Range, probs *problems) cty.Value {
	if v.defaults != nil && !val.IsNull() {
		val = v.defaults.Apply(val)
	}
	c, err := convert.Convert(val, v.typ)
	if err != nil {
		probs.add("Wrong type", at, "Variable %q is declared as %s, and its value (%s) does not fit: %s.",
			v.name, typeexpr.TypeString(v.typ), from, err)
		return cty.DynamicVal
	}
	if syntax.Extreme(c) {
		probs.add("Invalid number", at, "The value of variable %q (%s) has a number that is too large or too small to reckon with.", v.name, from)
		return cty.DynamicVal
	}
	return c
}

// set gives the variable its value: the given one or its default.
func (v *variable) set(g *given, probs *problems) {
	v.value = cty.DynamicVal
	switch {
	case g != nil:
		v.value = g.valueFor(v, probs)
	case v.def != cty.NilVal:
		v.value = v.def
	default:
		probs.add("No value for variable", v.at, "Variable %q has no value. Give it a default, or run with --var %s=… or FLOWCTL_VAR_%s.", v.name, v.name, v.name)
	}
	if v.value.IsNull() && !v.nullable {
		v.value = v.instead(probs)
	}
	if v.sensitive && v.value.IsWhollyKnown() {
		v.value = v.value.Mark(mark{})
	}
}

// instead is the value of a variable that was given null and must not be.
func (v *variable) instead(probs *problems) cty.Value {
	if v.def != cty.NilVal && !v.def.IsNull() {
		return v.def
	}
	if v.def == cty.NilVal {
		probs.add("Null value", v.at, "Variable %q is not nullable, but was given null.", v.name)
	}
	return cty.DynamicVal
}

// validate runs the checks of a variable, once all variables are set.
func (v *variable) validate(s *scope) {
	if !v.value.IsWhollyKnown() {
		return
	}
	for _, c := range v.checks {
		cond := c.Body.Attributes["condition"].Expr
		result, err := convert.Convert(s.value(cond), cty.Bool)
		result, _ = result.Unmark()
		switch {
		case err != nil || result.IsKnown() && result.IsNull():
			s.add("Wrong type", cond.Range(), "The condition of a validation must be true or false.")
		case result.IsKnown() && result.False():
			s.add("Invalid value for variable", v.at, "%s The condition is on line %d.", v.complaint(c, s), cond.Range().Start.Line)
		}
	}
}

// complaint is the error_message of a validation.
func (v *variable) complaint(c *hclsyntax.Block, s *scope) string {
	val := s.value(c.Body.Attributes["error_message"].Expr)
	if isSensitive(val) {
		return "The value does not pass a validation, whose message is withheld: it is made from a sensitive value."
	}
	if msg, ok := textOf(val); ok {
		return msg
	}
	return "The value does not pass a validation."
}
