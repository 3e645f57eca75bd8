package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"flowctl/providers/sandbox"
)

// The blobs that are made hold what gen says, and are where their names are.
func TestSmallBlobs(t *testing.T) {
	src, doc, err := Blobs{Count: 230, Seed: 1}.small()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var total int64
	for name, err := range src.Names("", "", "", "") {
		if err != nil {
			t.Fatal(err)
		}
		b, ok, err := src.Blob("", "", name)
		if err != nil || !ok || len(names) > 0 && name <= names[len(names)-1] {
			t.Fatalf("%s: %v, %v", name, ok, err)
		}
		var text bytes.Buffer
		if err := b.Copy(&text, 0, b.Size()); err != nil || !json.Valid(text.Bytes()) {
			t.Fatalf("%s: %v", name, err)
		}
		names, total = append(names, name), total+b.Size()
	}
	if len(names) != 230 || total != doc.Bytes || doc.Tuples == 0 {
		t.Fatalf("%d blobs of %d bytes, want 230 of %d", len(names), total, doc.Bytes)
	}
	for name := range src.Names("", "", names[0][:60], names[100]) {
		if name != names[100] {
			t.Errorf("from %s on: %s", names[100], name)
		}
		break
	}
	for _, name := range []string{"x", strings.Replace(names[0], "/y=2026", "/y=2030", 1)} {
		if _, ok, _ := src.Blob("", "", name); ok {
			t.Errorf("%s is there", name)
		}
	}
}

// What summarize finds of a folder that is served as blobs is what it finds in
// the folder; a summary of something else is found out.
func TestFolderAsBlobs(t *testing.T) {
	dir := t.TempDir()
	if err := (FlowLogs{Out: dir, NICs: 2, Hours: 1, Size: "50KB", Seed: 1, Version: 4}).Write(Streams{Out: io.Discard, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	src, doc, err := folderBlobs(dir)
	if err != nil || doc.Blobs != 2 {
		t.Fatalf("%d files, %v", doc.Blobs, err)
	}
	var size int64
	for name := range src.Names("", "", "", "") {
		var b sandbox.Blob
		if b, _, err = src.Blob("", "", name); err != nil {
			t.Fatal(err)
		}
		var tail bytes.Buffer
		if err := b.Copy(&tail, b.Size()-2, 2); err != nil || tail.String() != "]}" {
			t.Errorf("%s ends in %q, %v", name, tail.String(), err)
		}
		size += b.Size()
	}
	if size != doc.Bytes {
		t.Errorf("%d bytes, want %d", size, doc.Bytes)
	}
	good := servedBlobs{Blobs: 3, Tuples: 12}
	const out = `{"sources":[{"files":2,"records":8},{"records":4}],"total":{"records":11},"merged":{"records":1}}`
	if err := good.check([]byte(out)); err != nil {
		t.Error(err)
	}
	for _, bad := range []servedBlobs{{Blobs: 4, Tuples: 12}, {Blobs: 3, Tuples: 13}} {
		if bad.check([]byte(out)) == nil {
			t.Errorf("%+v is taken for what was read", bad)
		}
	}
}
