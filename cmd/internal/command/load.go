package command

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan/config"
)

// source is where an investigation is read from.
type source struct {
	path     string
	vars     []string
	varFiles []string
}

func (s *source) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.vars, "var", nil, "set a variable, as `name=value` (repeatable)")
	cmd.Flags().StringArrayVar(&s.varFiles, "var-file", nil, "read variables from a `file` (repeatable)")
}

// at takes the optional argument that names a file or folder.
func (s *source) at(args []string) {
	s.path = "."
	if len(args) > 0 {
		s.path = args[0]
	}
}

// read reads the configuration and says what is wrong with it.
func (s *source) read(env *Env) (*config.Config, hcl.Diagnostics) {
	cfg, diags := config.Load(s.path, config.Inputs{Vars: s.vars, VarFiles: s.varFiles, Environ: env.Environ})
	if !diags.HasErrors() {
		diags = append(diags, questions(cfg)...)
	}
	return cfg, diags
}

// load reads the configuration and shows what is wrong with it.
func (s *source) load(env *Env) (*config.Config, error) {
	cfg, diags := s.read(env)
	return cfg, env.diagnose(cfg, diags)
}

// questions says what is wrong with the summaries: their conditions are
// compiled, and thrown away.
func questions(cfg *config.Config) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, inv := range cfg.Investigations {
		_, more := compile(inv.Summaries)
		diags = append(diags, more...)
	}
	return diags
}

// diagnose draws diagnostics with the lines they are about. The error is nil
// if all of them are warnings.
func (e *Env) diagnose(cfg *config.Config, diags hcl.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	var files map[string]*hcl.File
	if cfg != nil {
		files = harmless(cfg.Files)
	}
	w := hcl.NewDiagnosticTextWriter(e.Stderr, files, uint(terminal.Width(e.Stderr)), terminal.Colour(e.Stderr))
	if err := w.WriteDiagnostics(diags); err != nil {
		return fmt.Errorf("show diagnostics: %w", err)
	}
	if diags.HasErrors() {
		return shown
	}
	return nil
}

// harmless returns copies of files in which what could steer a terminal is a
// question mark, byte for byte, so that ranges stay true.
func harmless(files map[string]*hcl.File) map[string]*hcl.File {
	out := make(map[string]*hcl.File, len(files))
	for name, f := range files {
		out[name] = &hcl.File{Body: f.Body, Nav: f.Nav, Bytes: terminal.Mask(f.Bytes)}
	}
	return out
}

// snippets lets diagnostics show lines of a file that could not be parsed.
func snippets(name string, src []byte) map[string]*hcl.File {
	return map[string]*hcl.File{name: {Bytes: src}}
}
