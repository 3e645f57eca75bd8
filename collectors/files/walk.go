// Package files finds the files that paths mean, each once.
package files

import (
	"errors"
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
type Walker struct {
	// Runs says that a results folder is to be yielded itself, in place of its
	// files.
	Runs bool

	been been
	runs map[string]bool // that were yielded, as resolved has them
}

// IsRun reports whether a path that was yielded is a results folder.
func (w *Walker) IsRun(path string) bool { return len(w.runs) > 0 && w.runs[resolved(path)] }

// Walk yields the files that paths mean: files, all files in and below
// folders but hidden ones, also those that links there lead to, and what
// patterns fit where the shell left them. A folder without any is an error. Of
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
	if st, err := os.Lstat(root); err == nil && st.Mode()&fs.ModeSymlink != 0 {
		root += string(filepath.Separator) // else WalkDir would stop at the link
	}
	more, some := true, false
	give := func(name string, err error) {
		some = true
		more = yield(name, err)
	}
	filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		hidden := name != root && strings.HasPrefix(filepath.Base(name), ".")
		switch {
		case err != nil:
			give(name, err)
		case hidden && d.IsDir():
			return fs.SkipDir
		case d.IsDir() && w.Runs && session.Is(name):
			some = true
			if real := resolved(name); !w.runs[real] {
				if w.runs == nil {
					w.runs = map[string]bool{}
				}
				w.runs[real] = true
				give(strings.TrimSuffix(name, string(filepath.Separator)), nil)
			}
			if more {
				return fs.SkipDir
			}
		case hidden || derived(name):
		case d.Type().IsRegular():
			some = true
			if !w.been.met(name, d) {
				give(name, nil)
			}
		case d.Type()&fs.ModeSymlink != 0:
			if is, err := w.linked(root, name); is || err != nil {
				give(name, err)
			}
		}
		if !more {
			return fs.SkipAll
		}
		return nil
	})
	if !some {
		more = yield(root, errors.New("there is no file in this folder"))
	}
	w.been.folder(root)
	return more
}

// linked reports whether a symbolic link in the folder root is to a file that
// is not met otherwise. Links to folders are not followed.
func (w *Walker) linked(root, name string) (bool, error) {
	st, err := os.Stat(name)
	if err != nil || !st.Mode().IsRegular() || meets(resolved(root), resolved(name)) || w.been.at(name, st) {
		return false, err
	}
	w.been.file(st)
	return true, nil
}
