package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"flowctl/cmd/internal/operation"
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
	case len(results) == 1 && len(there) == 1:
		return All(w, there[0].Answer.Doc, asJSON)
	case asJSON && len(results) > 1:
		return answersJSON(w, there)
	}
	for i, r := range there {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "== %s ==\n\n", r.Name)
		if err := All(w, r.Answer.Doc, false); err != nil {
			return err
		}
	}
	return nil
}

func answersJSON(w io.Writer, results []operation.Result) error {
	type one struct {
		Name    string          `json:"name"`
		Results string          `json:"results"`
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
		doc.Investigations = append(doc.Investigations, one{r.Name, r.Answer.Folder, b.Bytes()})
	}
	return JSON(w, doc)
}
