package storage

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
)

// noise is n bytes of which no two parts are the same.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// only is the account's only blob.
func only(t *testing.T, a *storagetest.Account) plan.Blob {
	t.Helper()
	b, err := a.Stat(t.Context(), "c", a.Names("")[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A large blob is read in ranges, each once, and no further ahead than it may.
func TestRanges(t *testing.T) {
	text := noise(20*partSize + 123)
	a := storagetest.Of(map[string]string{"x.cap": string(text)})
	r := NewRanges(t.Context(), a, only(t, a))
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes that are not the %d of the blob, %v", len(got), len(text), err)
	}
	seen := a.Seen()
	if reads := slices.Compact(slices.Sorted(slices.Values(seen.Reads))); len(reads) != 21 || len(seen.Reads) != 21 || seen.Peak > mostParts+1 {
		t.Errorf("%d reads of %d ranges, at most %d at a time", len(seen.Reads), len(reads), seen.Peak)
	}
	if n, err := r.ReadAt(make([]byte, 10), r.Size()-4); n != 4 || err != io.EOF {
		t.Errorf("at the end: %d bytes, %v", n, err)
	}
}

// A flow log's blob that grows is read on from its new version; any other that
// changes is said to have changed, by streams and by ranges.
func TestChanges(t *testing.T) {
	log := storagetest.BlobName("log", time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC), "002248000001")
	data, more := noise(2*partSize), noise(partSize)
	old := slices.Concat(data, []byte(Tail))
	grown := slices.Concat(data, more, []byte(Tail))
	tests := map[string]struct {
		name    string
		at      int64
		next    []byte
		changed bool
	}{
		"grows":           {log, 3000, grown, false},
		"grows, at first": {log, 0, grown, false},
		"shrinks":         {log, 3000, data[:4000], true},
		"no flow log":     {"x.cap", 3000, grown, true},
	}
	for what, tt := range tests {
		account := func() *storagetest.Account {
			a := storagetest.Of(map[string]string{tt.name: string(old)})
			a.Break(tt.name, tt.at, tt.next)
			return a
		}
		check := func(how string, want, got []byte, err error) {
			t.Helper()
			if errors.Is(err, plan.ErrChanged) != tt.changed || !tt.changed && err != nil {
				t.Errorf("%s: %s ends with %v", what, how, err)
			}
			if whole := bytes.Equal(got, want); whole == tt.changed || !bytes.HasPrefix(want, got) {
				t.Errorf("%s: %s has %d bytes, want %d", what, how, len(got), len(want))
			}
		}
		a := account()
		s := NewPrefetch(t.Context()).Open(a, only(t, a))
		s.Begin()
		got, err := io.ReadAll(s)
		s.Close()
		check("the stream", grown, got, err)

		a = account()
		r := NewRanges(t.Context(), a, only(t, a))
		got = make([]byte, len(data))
		n, err := r.ReadAt(got, 0)
		check("the ranges", grown[:len(data)], got[:n], err)
	}
}

// All ranges are of one version.
func TestRangesOfOneVersion(t *testing.T) {
	a := storagetest.Of(map[string]string{"x.cap": string(noise(5 * partSize))})
	r := NewRanges(t.Context(), a, only(t, a))
	if _, err := r.ReadAt(make([]byte, 10), partSize); err != nil {
		t.Fatal(err)
	}
	a.Put("x.cap", string(make([]byte, 5*partSize)))
	if n, err := r.ReadAt(make([]byte, 10), 0); n != 0 || !errors.Is(err, plan.ErrChanged) {
		t.Errorf("%d bytes of another version, %v", n, err)
	}
}
