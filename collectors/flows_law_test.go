package collectors

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flowlog/flowlogtest"
)

// TestFlowsAreTheirSource is the law that flows kept as Parquet answer as what they
// were made from, over two logs of one interface and every file of the corpus.
func TestFlowsAreTheirSource(t *testing.T) {
	inputs := map[string]string{"two logs": t.TempDir()}
	for i, version := range []int{4, 2, 1} {
		var b bytes.Buffer
		if _, err := flowlogtest.Generate(&b, flowlogtest.Spec{Seed: 7, Version: version, Flows: 300, IPv6: 0.1}); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(inputs["two logs"], []string{"a", "b", "c"}[i], "PT1H.json"), b.Bytes())
	}
	if corpus := os.Getenv("FLOWCTL_CORPUS"); corpus != "" {
		for _, pattern := range []string{"flowlogs/*", "captures/*"} {
			files, _ := filepath.Glob(filepath.Join(corpus, pattern))
			for _, name := range files {
				inputs[filepath.Base(name)] = name
			}
		}
	}
	tried := 0
	for name, path := range inputs {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			want, _ := answerOf(t, Sum{Items: itemsOf(path), Flows: &Flows{To: &b, Version: "test"}})
			if want["total"].(map[string]any)["records"].(float64) == 0 {
				return
			}
			tried++
			flows := filepath.Join(t.TempDir(), "flows.parquet")
			put(t, flows, b.Bytes())
			if diff := cmp.Diff(want, answer(t, Sum{Items: itemsOf(flows)})); diff != "" {
				t.Errorf("from Parquet (-want +got):\n%.3000s", diff)
			}
		})
	}
	t.Logf("%d of %d inputs hold flows", tried, len(inputs))
}
