package command

import (
	"fmt"

	"flowctl/collectors/summary"
	"flowctl/plan/config"
	"flowctl/plan/session"
)

// keepQuestions notes in the manifest what the file asks, so that the folder
// can be summed up again without it.
func keepQuestions(folder session.Folder, m session.Manifest, asks []config.Summary) (session.Manifest, error) {
	m.Questions = nil
	for _, a := range asks {
		where, diags := a.Literal()
		if diags.HasErrors() {
			return m, fmt.Errorf("summarize %q: %w", a.Name, diags)
		}
		m.Questions = append(m.Questions, session.Question{Name: a.Name, Where: where, By: a.By, Top: a.Top})
	}
	return m, folder.WriteManifest(m)
}

// keptQuestions are those of a run's file.
func keptQuestions(m session.Manifest) ([]*summary.Question, error) {
	var list []*summary.Question
	for _, q := range m.Questions {
		compiled, err := compileText(q.Name, q.Where, q.By, q.Top)
		if err != nil {
			return nil, fmt.Errorf("question %q in the manifest: %w", q.Name, err)
		}
		list = append(list, compiled)
	}
	return list, nil
}
