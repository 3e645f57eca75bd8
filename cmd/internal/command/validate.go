package command

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
)

type validateOptions struct {
	source
	json bool
}

func newValidate(env *Env) *cobra.Command {
	var o validateOptions
	cmd := &cobra.Command{
		Use:     "validate [PATH]",
		Short:   "Check a file or folder without asking Azure",
		Example: "  flowctl validate investigation.hcl\n  flowctl validate --var ticket=OPS-1 ./investigations",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.at(args)
			return runValidate(env, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print the findings as JSON")
	return cmd
}

func runValidate(env *Env, o validateOptions) error {
	if o.json {
		return validateJSON(env, o)
	}
	cfg, err := o.load(env)
	if err != nil {
		return err
	}
	watches := 0
	for _, i := range cfg.Investigations {
		watches += len(i.Watches)
	}
	fmt.Fprintf(env.Stdout, "Valid: %s, %s.\n", count(len(cfg.Investigations), "investigation"), count(watches, "watch", "watches"))
	return nil
}

type validation struct {
	Format      string       `json:"format"`
	Valid       bool         `json:"valid"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
}

func validateJSON(env *Env, o validateOptions) error {
	_, diags := o.read(env)
	v := validation{Format: "1", Valid: !diags.HasErrors(), Diagnostics: []diagnostic{}}
	for _, d := range diags {
		v.Diagnostics = append(v.Diagnostics, diagnosticOf(d))
	}
	if err := writeJSON(env, v); err != nil {
		return err
	}
	if diags.HasErrors() {
		return shown
	}
	return nil
}

func diagnosticOf(d *hcl.Diagnostic) diagnostic {
	out := diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
	if d.Severity == hcl.DiagWarning {
		out.Severity = "warning"
	}
	if d.Subject != nil {
		out.File, out.Line, out.Column = d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column
	}
	return out
}

// writeJSON prints a document for programs.
func writeJSON(env *Env, v any) error {
	enc := json.NewEncoder(env.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// count says how many of a thing there are; the plural is the singular with
// an s unless it is given.
func count(n int, singular string, plural ...string) string {
	word := singular
	if n != 1 {
		word = singular + "s"
		if len(plural) > 0 {
			word = plural[0]
		}
	}
	return fmt.Sprintf("%d %s", n, word)
}
