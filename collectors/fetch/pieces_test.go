package fetch

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
	"flowctl/plan/session"
)

// random is n bytes of which no two pieces are the same.
func random(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return string(b)
}

// pieceSize is how much one request of a large blob reads, and overlap how much
// of what is kept is read again.
const (
	pieceSize = 8 << 20
	overlap   = 4 << 10
)

const machine = "subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/db/2026/11/12/packetcapture_08_00_00_000.cap"

func captureOf(t testing.TB, a *storagetest.Account) job {
	return job{
		session:   plan.Session{Name: "c", Mechanism: plan.PacketCapture, Target: plan.Target{ID: "/a/b/db"}},
		recording: plan.Recording{ID: storagetest.Watcher + "/packetCaptures/c", Path: "https://a.blob.core.windows.net/logs/" + machine},
		blobs:     a, folder: session.Folder{Path: t.TempDir()}, machines: 1,
	}
}

// A large blob is read in pieces side by side, each once, in whatever order
// they come, and nothing of the network is waited for twice.
func TestFetchOfALargeBlob(t *testing.T) {
	text := random(5*pieceSize + 12345)
	synctest.Test(t, func(t *testing.T) {
		a := &storagetest.Account{}
		a.Put(machine, text)
		a.Opened = func(_ context.Context, _ string, n int) error {
			time.Sleep(time.Duration(1+(n*5)%7) * time.Millisecond)
			return nil
		}
		f := captureOf(t, a)
		got, err := f.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, f, a, got)
		asked, seen := map[string]int{}, a.Seen()
		for _, r := range seen.Reads {
			asked[r]++
		}
		for i := range 6 {
			from := i * pieceSize
			if r := fmt.Sprintf("%d+%d", from, min(pieceSize, len(text)-from)); asked[r] != 1 {
				t.Errorf("asked for %s %d times", r, asked[r])
			}
		}
		if len(seen.Reads) != 6 || seen.Peak < firstLimit || seen.Open != 0 {
			t.Errorf("%d reads, %d at a time, %d left open; want 6, at least %d, none", len(seen.Reads), seen.Peak, seen.Open, firstLimit)
		}
	})
}

// Pieces are of one version or the blob is read anew; one that goes on
// changing is an error, and so is a piece that ends early.
func TestFetchOfALargeBlobInTrouble(t *testing.T) {
	text := random(3*pieceSize - 5)
	tests := map[string]struct {
		opened func(a *storagetest.Account, n int) error
		err    string
	}{
		"changes once": {func(a *storagetest.Account, n int) error {
			if n == 1 {
				a.Put(machine, strings.ToUpper(text))
			}
			return nil
		}, ""},
		"changes on": {func(a *storagetest.Account, n int) error { a.Put(machine, text[n:]); return nil }, "changed meanwhile"},
		"breaks":     {func(a *storagetest.Account, n int) error { return map[int]error{2: errBroken}[n] }, "broken"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &storagetest.Account{}
				a.Put(machine, text)
				a.Opened = func(_ context.Context, _ string, n int) error {
					time.Sleep(time.Duration(1+n%3) * time.Millisecond)
					return tt.opened(a, n)
				}
				f := captureOf(t, a)
				got, err := f.run(t.Context())
				if tt.err == "" {
					if err != nil {
						t.Fatal(err)
					}
					same(t, f, a, got)
					return
				}
				if err == nil || !strings.Contains(err.Error(), tt.err) || len(got) != 0 {
					t.Errorf("got %d files, %v; want none and %q", len(got), err, tt.err)
				}
				if left := filesIn(t, f.folder.Path); len(left) > 0 || a.Seen().Open != 0 {
					t.Errorf("left %v, and %d readers open", left, a.Seen().Open)
				}
			})
		})
	}
}

// inexact is an account that says that its blobs have size bytes, and sends so
// many more than it is asked for.
type inexact struct {
	*storagetest.Account
	size, more int64
}

func (i inexact) List(ctx context.Context, container, prefix string) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		for b, err := range i.Account.List(ctx, container, prefix) {
			b.Size = i.size
			if !yield(b, err) {
				return
			}
		}
	}
}

func (i inexact) Open(ctx context.Context, b plan.Blob, offset, length int64) (io.ReadCloser, error) {
	return i.Account.Open(ctx, b, offset, length+i.more)
}

func TestFetchOfABlobOfAnotherLength(t *testing.T) {
	for more, want := range map[int64]string{-3: "got 97 bytes from byte 0 on, asked for 100", 3: "more than the 100 bytes"} {
		a := &storagetest.Account{}
		a.Put(machine, random(110))
		f := captureOf(t, a)
		f.blobs = inexact{a, 100, more}
		if _, err := f.run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if left := filesIn(t, f.folder.Path); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	}
}
