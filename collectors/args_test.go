package collectors

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/storage"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
)

// What several arguments mean is read once.
func TestArgsYieldOnce(t *testing.T) {
	s := storagetest.Of(map[string]string{"a": "x", "a/b": "x", "c": "x"})
	const u = "https://x.blob.core.windows.net/k"
	for _, tt := range []struct{ args, want []string }{
		{[]string{u + "/a/", u, u}, []string{u + "/a/b", u + "/a", u + "/c"}},
		{[]string{u + "/a", u + "/a/"}, []string{u + "/a", u + "/a/b"}}, // the first is a blob alone
		{[]string{u, "https://y.blob.core.windows.net/k/c"}, []string{u + "/a", u + "/a/b", u + "/c", "https://y.blob.core.windows.net/k/c"}},
		{[]string{u + "?sv=secret", u + "/c"}, []string{"error " + u, u + "/c"}},
	} {
		var got []string
		for i, err := range (Args{List: tt.args, Open: func(storage.Location) (plan.Blobs, error) { return s, nil }}).Walk(t.Context()) {
			if err != nil {
				i.Path = "error " + i.Path
			}
			got = append(got, i.Path)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.args, diff)
		}
	}
}
