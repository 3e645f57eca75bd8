package world

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse gives broken worlds to the reader, which must refuse them in
// words.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "errors", "*.hcl"))
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add(BuiltinSource())
	f.Add([]byte("name = 8E888888")) // a name that takes minutes to write out
	f.Fuzz(func(t *testing.T, src []byte) {
		w, err := Parse("fuzz.hcl", src)
		if (w == nil) == (err == nil) {
			t.Errorf("%v and %v", w, err)
		}
	})
}
