package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"flowctl/plan"
	"flowctl/plan/preflight"
)

func comment(t *testing.T, d PlanDoc) string {
	t.Helper()
	var b bytes.Buffer
	role := preflight.RoleDefinition{Actions: []string{"Microsoft.Network/*/read"}, AssignableScopes: []string{"/subscriptions/s"}}
	if err := PlanMarkdown(&b, d, role); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPlanMarkdown(t *testing.T) {
	compareGolden(t, "testdata/plan.md", comment(t, NewPlanDoc(every(), func(string) string { return "results/spike" })))
}

// A comment fits whatever the size of the plan, says how much it leaves out, and keeps
// what stops the plan.
func TestPlanMarkdownFits(t *testing.T) {
	for n, blocks := range map[int]int{1: 1000, 2: 1, 30: 50, 1000: 1} {
		p := every()[0]
		for i := range n {
			c := p.Changes[0]
			s := *c.Session
			s.Target.ID = plan.ID(fmt.Sprintf("%s-%d", s.Target.ID, i))
			c.Session = &s
			p.Changes = append(p.Changes, c)
			p.Findings = append(p.Findings, plan.Finding{Code: fmt.Sprintf("c%d", i), Severity: plan.Warning, Summary: "S", Detail: strings.Repeat("größer ", 20), File: "a.hcl", Line: i})
		}
		var plans []plan.Plan
		for range blocks {
			plans = append(plans, p)
		}
		got := comment(t, NewPlanDoc(plans, func(string) string { return "" }))
		if len(got) > CommentSize || !utf8.ValidString(got) {
			t.Errorf("%d targets in %d blocks: %d bytes", n, blocks, len(got))
		}
		for _, want := range []string{"this cannot be applied", "Premium storage"} {
			if !strings.Contains(got, want) {
				t.Errorf("%d targets in %d blocks: %q is missing", n, blocks, want)
			}
		}
		if n == 1000 && !strings.Contains(got, " more.") {
			t.Errorf("%d targets in %d blocks: what is left out is not said", n, blocks)
		}
		if strings.Count(got, "<details>") != strings.Count(got, "</details>") {
			t.Errorf("%d targets in %d blocks: folds are open", n, blocks)
		}
	}
}

// Nobody is called by a text of a file, and none of it is markup.
func TestQuoted(t *testing.T) {
	tests := map[string]string{
		"@team look":          "@\u2060team look",
		"netops@example.com":  "netops@example.com",
		"a | b":               `a \| b`,
		"<img src=x>\n# head": `\<img src=x\>\\u000a\# head`,
		"(@all) `rm -rf`":     "(@\u2060all) \\`rm -rf\\`",
		"\x1b[31mred, [a](b)": `\\u001b\[31mred, \[a\](b)`,
	}
	for in, want := range tests {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestPlanSchema checks plans against the schema that is published, and that the schema
// has every member.
func TestPlanSchema(t *testing.T) {
	b, err := os.ReadFile("../../flowctl/docs/plan.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(b, &s.root); err != nil {
		t.Fatal(err)
	}
	p := every()
	p[0].Investigation.Monitor = &plan.Monitor{Every: plan.Day, Compare: plan.WithPrevious}
	var out bytes.Buffer
	if err := PlanJSON(&out, NewPlanDoc(p, func(string) string { return "r" })); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&out)
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	for _, problem := range s.check(s.root, v, "") {
		t.Error(problem)
	}
	if problems := s.check(s.root, map[string]any{"format": "2", "investigations": []any{map[string]any{}}}, ""); len(problems) < 10 {
		t.Errorf("of something else: only %d problems", len(problems))
	}
	for def, of := range map[string]any{"investigation": InvestigationDoc{}, "change": ChangeDoc{}, "counts": PlanCounts{}, "finding": plan.Finding{}, "cost": plan.Estimate{}, "cost_item": plan.CostItem{}, "monitor": plan.Monitor{}} {
		typ := reflect.TypeOf(of)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name != "" && !bytes.Contains(b, fmt.Appendf(nil, "%q: {", name)) {
				t.Errorf("%s has no %q", def, name)
			}
		}
	}
}
