package files

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// been is what a walk has met: files by what they are, and folders by where
// they are, so that the files in folders need not be remembered. The zero
// value has been nowhere.
type been struct {
	files   map[trait][]fs.FileInfo
	folders []string // absolute, without symbolic links
}

// trait is what two names of one file have in common and few files share.
type trait struct {
	size    int64
	changed time.Time
}

// at reports whether the file at path, which is st, was met before.
func (b *been) at(path string, st fs.FileInfo) bool {
	for _, o := range b.files[trait{st.Size(), st.ModTime()}] {
		if os.SameFile(o, st) {
			return true
		}
	}
	if len(b.folders) == 0 {
		return false
	}
	real := resolved(path)
	for _, f := range b.folders {
		if meets(f, real) {
			return true
		}
	}
	return false
}

// met does as at, for a file of a folder.
func (b *been) met(path string, d fs.DirEntry) bool {
	if len(b.files) == 0 && len(b.folders) == 0 {
		return false
	}
	st, err := d.Info()
	return err == nil && b.at(path, st)
}

// file notes a file that was named.
func (b *been) file(st fs.FileInfo) {
	if b.files == nil {
		b.files = map[trait][]fs.FileInfo{}
	}
	k := trait{st.Size(), st.ModTime()}
	b.files[k] = append(b.files[k], st)
}

// folder notes a folder of which all files were met.
func (b *been) folder(path string) { b.folders = append(b.folders, resolved(path)) }

// resolved is path, absolute and without symbolic links where that works.
func resolved(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
}

// meets reports whether a walk of folder meets path: it lies in or below it,
// and nothing on the way is hidden.
func meets(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	if err != nil {
		return false
	}
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	return true
}
