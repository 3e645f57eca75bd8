package session

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

// full is a manifest with something in every part, and texts that look like
// parts.
func full() Manifest {
	return Manifest{
		Format: Format, Investigation: plan.Investigation{Name: "spike", Reason: "\n  \"artifacts\": []"},
		Start: time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 12, 10, 0, 0, 0, time.UTC),
		Sessions: []Session{{Fingerprint: "p", Name: "n", Outcome: "removed", Watches: []string{"vnet.hub"}}},
		Views:    []plan.View{{Watch: "nsg.web"}},
		Artifacts: []Artifact{
			{Path: "a", Session: "n", Blob: "c/a?<&>", ETag: "1", Size: 1, SHA256: "x", Target: "/s/t", Kind: plan.FlowLog},
			{Path: "b", Session: "n", Target: "/s/t", Kind: plan.PacketCapture},
		},
		Flows: &DerivedFile{Path: FlowsFile, Size: 3, SHA256: "y"},
	}
}

// A manifest is JSON as encoding/json makes it, but for white space, whatever
// is in it.
func TestManifestIsJSON(t *testing.T) {
	for name, m := range map[string]Manifest{"full": full(), "no artifacts": {Format: Format}} {
		f := Folder{t.TempDir()}
		if err := f.WriteManifest(m); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(f.Path, manifestName))
		if err != nil {
			t.Fatal(err)
		}
		var plain Manifest
		if err := json.Unmarshal(b, &plain); err != nil {
			t.Fatalf("%s: %v in\n%s", name, err, b)
		}
		if len(plain.Artifacts) == 0 {
			plain.Artifacts = nil
		}
		if diff := cmp.Diff(m, plain); diff != "" {
			t.Errorf("%s, by encoding/json (-want +got)\n%s", name, diff)
		}
		if got, err := f.Manifest(); err != nil || cmp.Diff(m, got) != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, cmp.Diff(m, got))
		}
		if left, _ := filepath.Glob(filepath.Join(f.Path, ".*")); len(left) > 0 || !strings.HasSuffix(string(b), "}\n") {
			t.Errorf("%s: left %v, and it ends with %q", name, left, b[len(b)-2:])
		}
	}
}

// Manifests of earlier flowctls have an artifact on many lines, or null.
func TestManifestsOfAnotherForm(t *testing.T) {
	tests := map[string]struct {
		text string
		want Manifest
		err  string
	}{
		"indented":     {`{"format": 1, "artifacts": [ {"path": "a"}, {"path": "b"} ], "later": {"x": []}}`, Manifest{Format: 1, Artifacts: []Artifact{{Path: "a"}, {Path: "b"}}}, ""},
		"null":         {`{"format": 1, "artifacts": null}`, Manifest{Format: 1}, ""},
		"cut":          {`{"format": 1, "artifacts": [ {"path": "a"},`, Manifest{}, "EOF"},
		"empty":        {``, Manifest{}, "EOF"},
		"no object":    {`[]`, Manifest{}, "[ stands where { should"},
		"no list":      {`{"artifacts": 7}`, Manifest{}, "artifacts are no list"},
		"another type": {`{"format": "one"}`, Manifest{}, "cannot unmarshal"},
		"more":         {`{} {}`, Manifest{}, "something follows"},
	}
	for name, tt := range tests {
		f := Folder{t.TempDir()}
		if err := os.WriteFile(filepath.Join(f.Path, manifestName), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := f.Manifest()
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", name, err, tt.err)
			}
			continue
		}
		if err != nil || cmp.Diff(tt.want, got) != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, cmp.Diff(tt.want, got))
		}
	}
}
