package session

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

func TestManifest(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "spike", "20261112T100000Z"))
	if err != nil {
		t.Fatal(err)
	}
	if empty, err := f.Manifest(); err != nil || empty.Format != 0 {
		t.Errorf("manifest of an empty folder: %+v, %v; want the zero one", empty, err)
	}
	want := Manifest{
		Format: Format, Investigation: plan.Investigation{Name: "spike", Window: time.Hour},
		End:       time.Date(2026, 11, 12, 10, 0, 0, 0, time.UTC),
		Sessions:  []Session{{Fingerprint: "p", Name: "n", Outcome: "removed"}},
		Artifacts: []Artifact{{Path: "b"}, {Path: "a"}},
	}
	if err := f.WriteManifest(want); err != nil {
		t.Fatal(err)
	}
	got, err := f.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	want.Artifacts = []Artifact{{Path: "a"}, {Path: "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestManifestOfALaterFlowctl(t *testing.T) {
	f := Folder{t.TempDir()}
	if err := os.WriteFile(filepath.Join(f.Path, "manifest.json"), []byte(`{"format":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Manifest(); err == nil {
		t.Error("a manifest of format 99 was read")
	}
}

func TestLatest(t *testing.T) {
	dir := t.TempDir()
	if _, ok := Latest(dir); ok {
		t.Error("a run was found where there is none")
	}
	for _, name := range []string{"20261112T100000Z", "20261113T090000Z", "20261112T235959Z"} {
		f, err := Create(filepath.Join(dir, name))
		if err == nil {
			err = f.WriteManifest(Manifest{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := Latest(dir); !ok || filepath.Base(got.Path) != "20261113T090000Z" {
		t.Errorf("latest %v, %v", got, ok)
	}
}

// Names come from Azure: none may lead out of the folder.
func TestJoin(t *testing.T) {
	f := Folder{t.TempDir()}
	tests := map[string]bool{"a/b.json": true, "a/../b": true, "../b": false, "/etc/passwd": false, "a/../../b": false, "": false}
	for name, ok := range tests {
		if _, err := f.Join(name); (err == nil) != ok {
			t.Errorf("Join(%q): %v, want it taken: %v", name, err, ok)
		}
	}
}

// TestQuestionAsHCL wants a question as the block that it was.
func TestQuestionAsHCL(t *testing.T) {
	q := Question{Name: "dropped", Where: "verdict == \"denied\" && contains([22, 3389], port)", By: []string{"source.vm", "time(5m)"}, Top: 20, Order: "-denied", Having: "denied > 1", Compare: "previous"}
	want := "summarize \"dropped\" {\n  where   = verdict == \"denied\" && contains([22, 3389], port)\n  by      = [\"source.vm\", \"time(5m)\"]\n  having  = denied > 1\n  order   = \"-denied\"\n  top     = 20\n  compare = \"previous\"\n}\n"
	if got := q.HCL(); got != want {
		t.Errorf("%s", got)
	}
	if got := (Question{Name: "all", Top: 1}).HCL(); got != "summarize \"all\" {\n  top = 1\n}\n" {
		t.Errorf("%s", got)
	}
}
