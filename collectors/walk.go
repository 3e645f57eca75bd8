package collectors

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"flowctl/plan/session"
)

// File is a file to read. Named says that the user named it, or a pattern
// that it fits; the others lie in a folder that was named.
type File struct {
	Path  string
	Named bool
}

// Walk yields the files that paths mean: files, all files in and below
// folders but hidden ones, and what patterns fit where the shell left them. Of
// results folders it leaves out the flows that were made of the other files.
// Files are yielded as they are found, so that a folder of any size costs no
// memory. A file that several paths mean is yielded once.
func Walk(paths []string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		var w walker
		for _, p := range paths {
			if !w.walk(p, yield) {
				return
			}
		}
	}
}

// walker goes over paths and knows where it has been.
type walker struct{ been been }

func (w *walker) walk(p string, yield func(File, error) bool) bool {
	st, err := os.Stat(p)
	switch {
	case err == nil && st.IsDir():
		return w.walkFolder(p, yield)
	case err == nil && w.been.at(p, st):
		return true
	case err == nil:
		w.been.file(st)
		return yield(File{p, true}, nil)
	case strings.ContainsAny(p, "*?["):
		return w.walkPattern(p, yield)
	}
	return yield(File{p, true}, err)
}

func (w *walker) walkPattern(p string, yield func(File, error) bool) bool {
	found, err := filepath.Glob(p)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: no file fits this pattern", p)
	}
	if err != nil {
		return yield(File{p, true}, err)
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

func (w *walker) walkFolder(root string, yield func(File, error) bool) bool {
	more := true
	filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		hidden := name != root && strings.HasPrefix(filepath.Base(name), ".")
		switch {
		case err != nil:
			more = yield(File{name, false}, err)
		case hidden && d.IsDir():
			return fs.SkipDir
		case d.Type().IsRegular() && !hidden && !derived(name) && !w.been.met(name, d):
			more = yield(File{name, false}, nil)
		}
		if !more {
			return fs.SkipAll
		}
		return nil
	})
	w.been.folder(root)
	return more
}
