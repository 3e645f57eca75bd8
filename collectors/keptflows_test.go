package collectors

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/summary"
)

// keep keeps the flows of paths as a Parquet file and returns its path.
func keep(t *testing.T, s Sum, to string, paths ...string) string {
	t.Helper()
	var b bytes.Buffer
	s.Items, s.Flows = itemsOf(paths...), &Flows{To: &b}
	if _, _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, to, b.Bytes())
	return to
}

// TestKeptFlowsOnce checks that flows that were kept count once: in a copy, beside what
// they were made from, and beside a file that was made from the same and more; and that files of
// other times, or of other sources, add up.
func TestKeptFlowsOnce(t *testing.T) {
	dir := t.TempDir()
	mixedFiles(t, dir)
	var sources []string
	for _, e := range []string{"*.json", "*.pcap"} {
		found, _ := filepath.Glob(filepath.Join(dir, e))
		sources = append(sources, found...)
	}
	first := sources[0]
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.Mkdir(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	all := keep(t, Sum{}, filepath.Join(kept, "all.parquet"), sources...)
	data, err := os.ReadFile(all)
	if err != nil {
		t.Fatal(err)
	}
	copied, unnamed := saved(kept, "copy.parquet", string(data)), saved(kept, "flows", string(data))
	one := keep(t, Sum{}, filepath.Join(kept, "one.parquet"), first)
	rest := keep(t, Sum{}, filepath.Join(kept, "rest.parquet"), sources[1:]...)
	again := keep(t, Sum{}, filepath.Join(kept, "again.parquet"), all)
	border := time.Unix(lawsStart+90, 0)
	before := keep(t, Sum{End: border}, filepath.Join(kept, "before.parquet"), sources...)
	after := keep(t, Sum{Start: border, End: border.Add(24 * time.Hour)}, filepath.Join(kept, "after.parquet"), sources...)
	whole := ask(t, Sum{}, sources...).doc.Total
	tests := map[string]struct {
		paths  []string
		repeat bool
	}{
		"a file":                            {[]string{all}, false},
		"a copy":                            {[]string{all, copied}, true},
		"a copy of another name":            {[]string{unnamed, all}, true},
		"its sources beside it":             {append([]string{all}, sources...), true},
		"one of more":                       {[]string{one, all}, true},
		"made from kept flows":              {[]string{again, all}, true},
		"of different sources":              {[]string{one, rest}, false},
		"a source and the rest":             {[]string{first, rest}, false},
		"two times of the same":             {[]string{before, after}, false},
		"two times of the same, beside all": {[]string{before, after, all}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			doc := ask(t, Sum{}, tt.paths...).doc
			if got := doc.Total; got.Packets != whole.Packets || got.IPBytes != whole.IPBytes || got.Flows != whole.Flows {
				t.Errorf("%v packets, %v bytes, %d flows; want %v, %v, %d", got.Packets, got.IPBytes, got.Flows, whole.Packets, whole.IPBytes, whole.Flows)
			}
			var codes []string
			for _, c := range doc.Coverage {
				codes = append(codes, c.Code)
			}
			if slices.Contains(codes, "kept-flows-repeated") != tt.repeat || slices.Contains(codes, "kept-flows-overlap") {
				t.Errorf("coverage: %v", codes)
			}
		})
	}
	doc := ask(t, Sum{}, all, first).doc
	if i := slices.IndexFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == "kept-flows-overlap" }); i < 0 || !strings.HasPrefix(doc.Coverage[i].Text, all+" was made in part from") {
		t.Errorf("a file beside one of its sources: %v", doc.Coverage)
	}
}
