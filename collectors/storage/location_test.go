package storage

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/storage/storagetest"
)

// walked are the names that a place means.
func walked(t *testing.T, p *Location) []string {
	t.Helper()
	var names []string
	for b, err := range p.Walk(t.Context(), nil) {
		if err != nil {
			b.Name = "error: " + err.Error()
		}
		names = append(names, b.Name)
	}
	return names
}

func TestPlaceMeans(t *testing.T) {
	s := storagetest.Of(map[string]string{
		"a": "x", "ab": "x", "dir": "", "dir/1": "x", "dir/2": "x", "dir2": "x", "empty": "", "z": "x",
	})
	tests := map[string][]string{
		"":      {"a", "ab", "dir/1", "dir/2", "dir2", "empty", "z"},
		"a":     {"a"}, // a blob, and not those that begin so
		"dir":   {"dir/1", "dir/2", "dir2"},
		"dir/":  {"dir/1", "dir/2"},
		"d":     {"dir/1", "dir/2", "dir2"},
		"empty": {"empty"},
		"no":    {"error: no blob has a name that begins so"},
	}
	for prefix, want := range tests {
		if diff := cmp.Diff(want, walked(t, &Location{Blobs: s, Container: "c", Prefix: prefix})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", prefix, diff)
		}
	}
	if got := walked(t, &Location{Blobs: s, Container: "c", Prefix: "a", SAS: "sr=b&sig=x"}); !cmp.Equal(got, []string{"a"}) || s.Seen().Stats != 1 {
		t.Errorf("by the signature of a blob: %v, %+v", got, s.Seen())
	}
	s.Fail = errors.New("refused")
	if got := walked(t, &Location{Blobs: s, Container: "c"}); !cmp.Equal(got, []string{"error: refused"}) {
		t.Errorf("a listing that fails: %v", got)
	}
}
