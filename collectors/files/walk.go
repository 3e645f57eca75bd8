// Package files finds the files that paths mean, each once.
package files

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"flowctl/plan/session"
)

// Walker goes over paths and knows where it has been. The zero value has been
// nowhere.
type Walker struct{ been been }

// Walk yields the files that paths mean: files, all files in and below
// folders but hidden ones, and what patterns fit where the shell left them. Of
// results folders it leaves out the flows that were made of the other files.
// Files are yielded as they are found, so that a folder of any size costs no
// memory. A file that several paths mean, also those of earlier walks, is
// yielded once. An error comes with the path that it is of.
func (w *Walker) Walk(paths ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, p := range paths {
			if !w.walk(p, yield) {
				return
			}
		}
	}
}

func (w *Walker) walk(p string, yield func(string, error) bool) bool {
	st, err := os.Stat(p)
	switch {
	case err == nil && st.IsDir():
		return w.walkFolder(p, yield)
	case err == nil && w.been.at(p, st):
		return true
	case err == nil:
		w.been.file(st)
		return yield(p, nil)
	case strings.ContainsAny(p, "*?["):
		return w.walkPattern(p, yield)
	}
	return yield(p, err)
}

func (w *Walker) walkPattern(p string, yield func(string, error) bool) bool {
	found, err := filepath.Glob(p)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: no file fits this pattern", p)
	}
	if err != nil {
		return yield(p, err)
	}
	for _, f := range found {
		if !w.walk(f, yield) {
			return false
		}
	}
	return true
}

// derived reports whether a file holds the flows of those around it.
func derived(name string) bool {
	return filepath.Base(name) == session.FlowsFile && session.Is(filepath.Dir(name))
}

func (w *Walker) walkFolder(root string, yield func(string, error) bool) bool {
	more := true
	filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		hidden := name != root && strings.HasPrefix(filepath.Base(name), ".")
		switch {
		case err != nil:
			more = yield(name, err)
		case hidden && d.IsDir():
			return fs.SkipDir
		case d.Type().IsRegular() && !hidden && !derived(name) && !w.been.met(name, d):
			more = yield(name, nil)
		}
		if !more {
			return fs.SkipAll
		}
		return nil
	})
	w.been.folder(root)
	return more
}
