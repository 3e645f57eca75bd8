package files_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/files"
)

// TestWalk walks a folder with files and links to them in many ways.
func TestWalk(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, f := range []string{"in/a", "in/below/b", "in/.hidden", "in/.git/c", "d"} {
		if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("in", "link"); err != nil {
		t.Skip("no symbolic links here")
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
