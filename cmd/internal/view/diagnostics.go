package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/cmd/internal/terminal"
)

// Diagnostics draws what is wrong with files, with the lines it is about.
func Diagnostics(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File) error {
	for _, d := range diags {
		d = hidden(d)
		var b bytes.Buffer
		if err := hcl.NewDiagnosticTextWriter(&b, harmless(files), uint(terminal.Width(w)), terminal.Colour(w)).WriteDiagnostic(d); err != nil {
			return fmt.Errorf("show diagnostics: %w", err)
		}
		if _, err := io.WriteString(w, withColumn(b.String(), d)); err != nil {
			return fmt.Errorf("show diagnostics: %w", err)
		}
	}
	return nil
}

// hidden is a diagnostic without the signatures and keys that it quotes.
func hidden(d *hcl.Diagnostic) *hcl.Diagnostic {
	out := *d
	out.Summary, out.Detail = terminal.Hide(d.Summary), terminal.Hide(d.Detail)
	return &out
}

// withColumn adds the column to the line that a diagnostic is about: only colour
// shows it otherwise.
func withColumn(text string, d *hcl.Diagnostic) string {
	if d.Subject == nil {
		return text
	}
	at := fmt.Sprintf("on %s line %d", d.Subject.Filename, d.Subject.Start.Line)
	return strings.Replace(text, at, fmt.Sprintf("%s, column %d", at, d.Subject.Start.Column), 1)
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

// Validation is what is wrong with a file, for programs.
type Validation struct {
	Format      string       `json:"format"`
	Valid       bool         `json:"valid"`
	Diagnostics []Diagnostic `json:"diagnostics"`
}

// Diagnostic is one thing that is wrong.
type Diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
}

// NewValidation builds the document of diagnostics.
func NewValidation(diags hcl.Diagnostics) Validation {
	v := Validation{Format: "1", Valid: !diags.HasErrors(), Diagnostics: []Diagnostic{}}
	for _, d := range diags {
		v.Diagnostics = append(v.Diagnostics, diagnosticOf(d))
	}
	return v
}

func diagnosticOf(d *hcl.Diagnostic) Diagnostic {
	d = hidden(d)
	out := Diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
	if d.Severity == hcl.DiagWarning {
		out.Severity = "warning"
	}
	if d.Subject != nil {
		out.File, out.Line, out.Column = d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column
	}
	return out
}

// JSON prints a document for programs.
func JSON(w io.Writer, v any) error {
	out := terminal.JSON(w)
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := errors.Join(enc.Encode(v), out.Close()); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// Count says how many of a thing there are; the plural is the singular with an
// s unless it is given.
func Count(n int, singular string, plural ...string) string {
	word := singular
	if n != 1 {
		word = singular + "s"
		if len(plural) > 0 {
			word = plural[0]
		}
	}
	return fmt.Sprintf("%d %s", n, word)
}
