package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/collectors/summary"
	"flowctl/plan/config"
	"flowctl/plan/syntax"
)

// question is what summarize is asked on the command line.
type question struct {
	by    []string
	where string
	top   int
	asked bool
}

func (q *question) flags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&q.by, "by", nil, "answer this question alone: by the values of these `fields`, such as source.vm,destination.address (flowctl docs language)")
	cmd.Flags().StringVar(&q.where, "where", "", "of the flows alone for which this `condition` holds, such as 'direction == \"outbound\"'")
	cmd.Flags().IntVar(&q.top, "top", 0, "how many `rows` of it (default 20)")
}

// options notes whether anything is asked, and refuses what cannot be.
func (q *question) options(cmd *cobra.Command) error {
	for _, name := range []string{"by", "where", "top"} {
		q.asked = q.asked || cmd.Flags().Changed(name)
	}
	if q.top < 0 {
		return fmt.Errorf("--top %d: want 1 or more rows", q.top)
	}
	return nil
}

// compile makes the question ready; nil if there is none.
func (q *question) compile() (*summary.Question, error) {
	if !q.asked {
		return nil, nil
	}
	return compileText(q.name(), q.where, q.by, q.top)
}

// compileText makes a question of text ready that stands by itself.
func compileText(name, where string, by []string, top int) (*summary.Question, error) {
	ask := summary.Ask{Name: name, By: by, Top: top, Context: &hcl.EvalContext{Functions: config.Functions()}}
	if where != "" {
		expr, diags := syntax.Expression(where, "--where")
		if diags.HasErrors() {
			return nil, oneLine(diags)
		}
		ask.Where = expr
	}
	out, diags := summary.Compile(ask)
	if diags.HasErrors() {
		return nil, oneLine(diags)
	}
	return out, nil
}

func (q *question) name() string {
	if q.where != "" {
		return "where " + q.where
	}
	return "all flows"
}

// oneLine is the first thing wrong with a question, in a line.
func oneLine(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		at := ""
		if d.Subject != nil && d.Subject.Filename != "" {
			at = fmt.Sprintf("%s, column %d: ", d.Subject.Filename, d.Subject.Start.Column)
		}
		return errors.New(at + d.Summary + ": " + strings.TrimSpace(d.Detail))
	}
	return diags
}

// show writes the answer alone.
func (q *question) show(env *Env, doc *summary.Document, asJSON bool) error {
	a := &doc.Asks[len(doc.Asks)-1]
	if !asJSON {
		return view.Answer(env.Stdout, doc, a, view.SummaryOptions{Width: terminal.Width(env.Stdout), Colour: terminal.Colour(env.Stdout)})
	}
	enc := json.NewEncoder(env.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Format   string             `json:"format"`
		Answer   *summary.Answer    `json:"answer"`
		Coverage []summary.Coverage `json:"coverage"`
		Skipped  []summary.Skip     `json:"skipped"`
	}{doc.Format, a, doc.Coverage, doc.Skipped})
}
