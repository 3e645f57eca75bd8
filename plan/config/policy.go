package config

import (
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan"
)

// Policy is what must hold for plans, whoever wrote their files.
type Policy struct {
	Name      string
	Condition hcl.Expression
	Message   hcl.Expression
	Each      hcl.Expression // what it must hold for one by one; nil: the plan
	Severity  plan.Severity
	Range     hcl.Range // its header
}

var (
	policyFileSchema = schema{blocks: map[string]rule{"policy": {labels: []string{"name"}, many: true}}}
	policySchema     = schema{attrs: []string{"condition", "message", "severity", "for_each"}}
	policySeverities = []string{string(plan.Error), string(plan.Warning), string(plan.Info)}
)

// LoadPolicies reads the policies of files, and of the *.hcl files of folders.
func LoadPolicies(paths []string) ([]Policy, map[string]*hcl.File, hcl.Diagnostics) {
	l := &loader{cfg: &Config{Files: map[string]*hcl.File{}}}
	l.scope = &scope{problems: &l.problems, files: l.cfg.Files, ctx: &hcl.EvalContext{Functions: Functions()}}
	seen := map[string]hcl.Range{}
	var out []Policy
	for _, path := range paths {
		names, err := files(path)
		switch {
		case err != nil:
			l.general(hcl.DiagError, "Unreadable file", "Cannot read policies in %s: %s.", path, cause(err))
		case len(names) == 0:
			l.general(hcl.DiagError, "No policies", "There is no *.hcl file in %s, which is to hold policies. Write one, or name another folder with --policy.", path)
		}
		for _, name := range names {
			file := readFile(name, &l.problems)
			if file == nil {
				continue
			}
			l.cfg.Files[name] = file
			body, ok := file.Body.(*hclsyntax.Body)
			if !ok {
				continue
			}
			for _, b := range policyFileSchema.check(body, "a file of policies", &l.problems) {
				p := l.policy(block{Block: b, scope: l.scope})
				if prior, ok := seen[p.Name]; ok {
					l.add("Duplicate name", b.LabelRanges[0], "There is a second policy %q; the first is at %s:%d. Rename one of them.", p.Name, filepath.Base(prior.Filename), prior.Start.Line)
					continue
				}
				seen[p.Name] = p.Range
				out = append(out, p)
			}
		}
	}
	return out, l.cfg.Files, l.sorted()
}

func (l *loader) policy(b block) Policy {
	policySchema.check(b.Body, title(b.Block), &l.problems)
	p := Policy{Name: b.Labels[0], Severity: plan.Error, Range: header(b.Block)}
	if s, ok := b.one("severity", "Unknown severity", policySeverities); ok {
		p.Severity = plan.Severity(s)
	}
	for name, to := range map[string]*hcl.Expression{"condition": &p.Condition, "message": &p.Message, "for_each": &p.Each} {
		a := b.Body.Attributes[name]
		if a != nil {
			*to = a.Expr
			l.policyReferences(a.Expr, p.Name, b.Body.Attributes["for_each"] != nil && name != "for_each")
		} else if name != "for_each" && !policySchema.misspelt(b.Body, name) {
			l.add("Missing attribute", header(b.Block), "policy %q needs %s, such as condition = plan.window_hours <= 4 and message = \"Windows are 4 hours at most\".", p.Name, name)
		}
	}
	return p
}

// policyReferences refuses names that no policy has.
func (l *loader) policyReferences(e hcl.Expression, name string, each bool) {
	for _, t := range e.Variables() {
		if root := t.RootName(); root == "plan" || root == "each" && each {
			continue
		} else if root == "each" {
			l.add("Unknown name", t.SourceRange(), "each is there in a policy with for_each only, such as for_each = plan.changes.")
			continue
		}
		l.add("Unknown name", t.SourceRange(), "Policies know plan, and with for_each also each.value; not %q. flowctl docs policy has all values.", t.RootName())
	}
	s := *l.scope
	s.functions(e)
}

// PolicyContext is what the expressions of policies are evaluated in.
func PolicyContext(vars map[string]cty.Value) *hcl.EvalContext {
	return &hcl.EvalContext{Functions: Functions(), Variables: vars}
}
