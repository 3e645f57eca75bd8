package view

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors"
	"flowctl/collectors/summary"
)

// Screen is what w can show.
func Screen(w io.Writer) SummaryOptions {
	return SummaryOptions{Width: terminal.Width(w), Colour: terminal.Colour(w), Whole: !terminal.Is(w) && os.Getenv("COLUMNS") == ""}
}

// Asked writes the answer to the one question that was asked.
func Asked(w io.Writer, doc *summary.Document, asJSON bool) error {
	a := &doc.Asks[len(doc.Asks)-1]
	if !asJSON {
		return Answer(w, doc, a, Screen(w))
	}
	return JSON(w, struct {
		Format   string             `json:"format"`
		Answer   *summary.Answer    `json:"answer"`
		Coverage []summary.Coverage `json:"coverage"`
		Skipped  []summary.Skip     `json:"skipped"`
	}{doc.Format, a, doc.Coverage, doc.Skipped})
}

// All writes all answers.
func All(w io.Writer, doc *summary.Document, asJSON bool) error {
	if asJSON {
		out := terminal.JSON(w)
		return errors.Join(doc.Write(out), out.Close())
	}
	return Summary(w, doc, Screen(w))
}

// fewProblems is how many files that could not be read are named on screen;
// the document has them all.
const fewProblems = 10

// Problems says which files could not be read.
func Problems(w io.Writer, a *operation.Answer) {
	for i, p := range a.Problems.First {
		if i == fewProblems {
			fmt.Fprintf(w, "Warning: … and %d more files; --json lists them\n", a.Problems.Count-i)
			break
		}
		fmt.Fprintf(w, "Warning: %s: %s\n", terminal.Escape(p.Path), terminal.Escape(cause(p)))
	}
}

// cause is an error's text without the path that is said before it.
func cause(p collectors.Problem) string {
	var path *fs.PathError
	if errors.As(p.Err, &path) {
		return path.Err.Error()
	}
	if errors.Is(p.Err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("ends too early (%v)", p.Err)
	}
	return p.Err.Error()
}
