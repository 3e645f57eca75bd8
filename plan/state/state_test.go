package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWriteAndRead(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "deep", "state.json"))
	s, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	s.Runs["spike"] = &Run{Ends: time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC), Sessions: map[string]*Session{"p": {Phase: Recording}}}
	s, err = f.Write(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if got.Serial != 1 || got.Lineage == "" {
		t.Errorf("serial %d, lineage %q; want 1 and some", got.Serial, got.Lineage)
	}
	st, err := os.Stat(f.Path())
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", st.Mode(), err)
	}
}

func TestWriteRefusesStale(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "state.json"))
	first, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(first); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(first); !errors.Is(err, ErrStale) {
		t.Errorf("a second write of the same snapshot: %v, want ErrStale", err)
	}
}

func TestReadRefuses(t *testing.T) {
	tests := map[string]struct{ content, want string }{
		"damaged":       {`{"format":1,`, "is damaged"},
		"later version": {`{"format":99}`, "has format 99, this flowctl knows 1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.json")
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path).Read(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}

func TestLockNamesItsHolder(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "state.json"))
	unlock, err := f.Lock("apply")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Lock("destroy")
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder.Operation != "apply" || locked.Holder.PID != os.Getpid() {
		t.Errorf("second lock: %v, want one held by apply of this process", err)
	}
	unlock()
	again, err := f.Lock("destroy")
	if err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	again()
}
