package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

type doc struct {
	Count int
	Names map[string]int
}

func open(t *testing.T, dir string) *File[doc] {
	t.Helper()
	f, err := Open[doc](dir, "doc.json")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func count(t *testing.T, f *File[doc]) int {
	t.Helper()
	d, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	return d.Count
}

func add(d *doc) error { d.Count++; return nil }

func TestTwoFilesOnOneFolderSeeEachOther(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	a, b := open(t, dir), open(t, dir)
	var wg sync.WaitGroup
	for _, f := range []*File[doc]{a, b, a, b} {
		wg.Go(func() {
			for range 10 {
				if err := f.Update(t.Context(), add); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for name, f := range map[string]*File[doc]{"a": a, "b": b, "fresh": open(t, dir)} {
		if got := count(t, f); got != 40 {
			t.Errorf("%s counts %d, want 40", name, got)
		}
	}
}

func TestRefusedChangeLeavesNothing(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		f := open(t, dir)
		want := errors.New("no")
		err := f.Update(t.Context(), func(d *doc) error { d.Count = 7; return want })
		if err != want {
			t.Errorf("%s: error %v, want the one returned", name, err)
		}
		if got := count(t, f); got != 0 {
			t.Errorf("%s: count %d after a refused change", name, got)
		}
	}
}

func TestReadersKeepTheirDocument(t *testing.T) {
	f := open(t, "")
	if err := f.Update(t.Context(), func(d *doc) error { d.Names = map[string]int{"a": 1}; return nil }); err != nil {
		t.Fatal(err)
	}
	before, _ := f.Read()
	if err := f.Update(t.Context(), func(d *doc) error { d.Names["a"] = 2; return nil }); err != nil {
		t.Fatal(err)
	}
	if before.Names["a"] != 1 {
		t.Errorf("an earlier document changed under its reader")
	}
}

func TestDamagedFileNamesTheWayOut(t *testing.T) {
	for name, text := range map[string]string{"cut": `{"Count": 3`, "empty": "", "type": `{"Count": "x"}`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "doc.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open[doc](dir, "doc.json")
		if err == nil || !strings.Contains(err.Error(), "remove the folder "+dir) {
			t.Errorf("%s: error %v does not say to remove %s", name, err, dir)
		}
	}
}

func TestFileIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	if err := open(t, dir).Update(t.Context(), add); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, filepath.Join(dir, "doc.json"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestLockedByAnotherEndsWithContext(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	err := a.Update(t.Context(), func(*doc) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Update(ctx, add); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// cloned is a document that copies itself, and counts how often.
type cloned struct {
	Count  int
	copies *int
}

func (c *cloned) Clone() *cloned {
	d := *c
	if d.copies != nil {
		*d.copies++
	}
	return &d
}

func TestDocumentsThatCopyThemselves(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "disk": t.TempDir()} {
		f, err := Open[cloned](dir, "doc.json")
		if err != nil {
			t.Fatal(err)
		}
		copies := 0
		refused := errors.New("no")
		for i := range 3 {
			err := f.Update(t.Context(), func(c *cloned) error {
				c.Count, c.copies = c.Count+1, &copies
				if i == 1 {
					return refused
				}
				return nil
			})
			if (err == refused) != (i == 1) {
				t.Errorf("%s: update %d: %v", name, i, err)
			}
		}
		if d, err := f.Read(); err != nil || d.Count != 2 || copies != 2 {
			t.Errorf("%s: %+v after %d copies, %v", name, d, copies, err)
		}
	}
}
