package operation

import (
	"context"
	"errors"
	"fmt"

	"flowctl/plan/session"
)

// Report answers from a results folder and writes its reports in some formats. It returns
// the files that it wrote.
func Report(ctx context.Context, s Settings, path string, formats []string) (*Answer, []string, error) {
	if !session.Is(path) {
		return nil, nil, fmt.Errorf("%s is no results folder: it has no manifest.json. Reports of loose files are written by flowctl summarize --html and --markdown", path)
	}
	folder := session.Folder{Path: path}
	m, err := folder.Manifest()
	if err != nil {
		return nil, nil, err
	}
	a, err := Summarize(ctx, s, SummarizeOptions{Paths: []string{path}})
	if err != nil {
		return nil, nil, err
	}
	if err := a.Err(); err != nil { // nothing is written in the place of what was there
		return nil, nil, errors.Join(err, a.Close())
	}
	files, err := writeReports(folder, m, a.Doc, formats)
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, files, nil
}
