package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"flowctl/cmd/internal/operation"
	"flowctl/plan/ledger"
)

// answersFormat is the number of the form of the document of several answers.
const answersFormat = "1"

// Answers writes what several investigations answered: each under a heading, or
// as one JSON document. Of one alone that is its summary and nothing around it.
func Answers(w io.Writer, results []operation.Result, asJSON bool) error {
	var there []operation.Result
	for _, r := range results {
		if r.Answer != nil {
			there = append(there, r)
		}
	}
	switch {
	case len(results) == 1 && len(there) == 1 && there[0].Period == nil:
		return All(w, there[0].Answer.Doc, asJSON)
	case asJSON && (len(results) > 1 || len(there) > 0):
		return answersJSON(w, there)
	}
	for i, r := range there {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "== %s%s ==\n\n", r.Name, span(r))
		if err := All(w, r.Answer.Doc, false); err != nil {
			return err
		}
	}
	return nil
}

// span is the period that an answer is of; empty if it is of a run.
func span(r operation.Result) string {
	if r.Period == nil {
		return ""
	}
	text := fmt.Sprintf(", %s to %s", moment(r.Period.Start), moment(r.Period.End))
	if r.Period.Revision > 1 {
		text += fmt.Sprintf(", revision %d: records came after the report", r.Period.Revision)
	}
	return text
}

func answersJSON(w io.Writer, results []operation.Result) error {
	type one struct {
		Name    string          `json:"name"`
		Results string          `json:"results"`
		Period  *ledger.Period  `json:"period,omitempty"` // of a monitor
		Summary json.RawMessage `json:"summary"`
	}
	doc := struct {
		Format         string `json:"format"`
		Investigations []one  `json:"investigations"`
	}{answersFormat, []one{}}
	for _, r := range results {
		var b bytes.Buffer
		if err := r.Answer.Doc.Write(&b); err != nil {
			return err
		}
		doc.Investigations = append(doc.Investigations, one{r.Name, r.Answer.Folder, r.Period, b.Bytes()})
	}
	return JSON(w, doc)
}
