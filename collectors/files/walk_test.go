package files_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/files"
)

// TestWalk walks a folder with files and links to them in many ways.
func TestWalk(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, f := range []string{"in/a", "in/below/b", "in/.hidden", "in/.git/c", "d", "self/a"} {
		if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	os.Mkdir("links", 0o700)
	for name, to := range map[string]string{"link": "in", "links/x": "../d", "links/y": "../in/a", "links/folder": "../in", "self/z": "a"} {
		if err := os.Symlink(to, name); err != nil {
			noLinks(t, err)
		}
	}
	tests := map[string]struct {
		paths, want []string
	}{
		"a file":               {[]string{"in/a"}, []string{"in/a"}},
		"a folder":             {[]string{"in"}, []string{"in/a", "in/below/b"}},
		"two files":            {[]string{"in/a", "d"}, []string{"in/a", "d"}},
		"a file twice":         {[]string{"in/a", "in/a"}, []string{"in/a"}},
		"by another path":      {[]string{"in/a", "./in/../in/a", filepath.Join(dir, "in/a"), "link/a"}, []string{"in/a"}},
		"folder, file":         {[]string{"in", "in/a", "d"}, []string{"in/a", "in/below/b", "d"}},
		"folder, linked file":  {[]string{"in", "link/below/b"}, []string{"in/a", "in/below/b"}},
		"file, folder":         {[]string{"in/below/b", "in"}, []string{"in/below/b", "in/a"}},
		"folder twice":         {[]string{"in", "in/", "./in"}, []string{"in/a", "in/below/b"}},
		"folder, folder below": {[]string{"in", "in/below"}, []string{"in/a", "in/below/b"}},
		"folder below, folder": {[]string{"in/below", "in"}, []string{"in/below/b", "in/a"}},
		"pattern, file":        {[]string{"i*", "in/a"}, []string{"in/a", "in/below/b"}},
		"linked folder":        {[]string{"link"}, []string{"link/a", "link/below/b"}},
		"linked files":         {[]string{"links"}, []string{"links/x", "links/y"}},
		"folder, linked files": {[]string{"in", "links"}, []string{"in/a", "in/below/b", "links/x"}},
		"file, linked files":   {[]string{"d", "links"}, []string{"d", "links/y"}},
		"linked files, file":   {[]string{"links", "d"}, []string{"links/x", "links/y"}},
		"link to a neighbour":  {[]string{"self"}, []string{"self/a"}},
		"hidden ones by name":  {[]string{"in", "in/.hidden", "in/.git", "in/.git/c"}, []string{"in/a", "in/below/b", "in/.hidden", "in/.git/c"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for f, err := range new(files.Walker).Walk(tt.paths...) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, filepath.ToSlash(f))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("files -want +got\n%s", diff)
			}
		})
	}
}

// TestWalkNothing checks that a folder without files, and a link to nothing, are
// not passed over in silence.
func TestWalkNothing(t *testing.T) {
	dir := t.TempDir()
	empty, dangling := filepath.Join(dir, "empty"), filepath.Join(dir, "dangling")
	os.MkdirAll(filepath.Join(empty, "below"), 0o700)
	os.Mkdir(dangling, 0o700)
	if err := os.Symlink("nowhere", filepath.Join(dangling, "a")); err != nil {
		noLinks(t, err)
	}
	for _, path := range []string{empty, dangling} {
		var errs int
		for f, err := range new(files.Walker).Walk(path) {
			if err == nil {
				t.Errorf("%s: yields %s", path, f)
			}
			errs++
		}
		if errs != 1 {
			t.Errorf("%s: %d errors, want one", path, errs)
		}
	}
}

// noLinks ends a test where no symbolic link can be made, which only Windows
// refuses.
func noLinks(t *testing.T, err error) {
	t.Helper()
	if runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	t.Skip("no symbolic links here")
}
