package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/files"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
	"flowctl/plan/session"
)

// many is an account with n small blobs in two hours.
func many(n int) *storagetest.Account {
	a := &storagetest.Account{}
	for i := range n {
		name := blobName(hour.Add(time.Duration(i%2)*time.Hour), fmt.Sprintf("%012X", i))
		a.Put(name, head, fmt.Sprintf(`{"a":%d}`, i), end)
	}
	return a
}

// Each request takes 20 ms of a time that passes only while all wait. No more
// are open at a time than the limiter allows, and the listing is never far
// ahead. The bubble fails if a goroutine is left.
func TestFetchSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5000
		a := many(n)
		var mu sync.Mutex
		ahead := 0
		a.Opened = func(context.Context, string, int) error {
			time.Sleep(20 * time.Millisecond)
			seen := a.Seen()
			mu.Lock()
			defer mu.Unlock()
			ahead = max(ahead, seen.Listed-len(seen.Reads))
			return nil
		}
		f := fetchOf(t, a)
		began := time.Now()
		got, err := f.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen := a.Seen()
		if seen.Peak > mostLimit || seen.Peak < mostLimit/2 {
			t.Errorf("%d readers were open at a time, want nearly %d and no more", seen.Peak, mostLimit)
		}
		if seen.Open != 0 || len(seen.Reads) != n || len(got) != n {
			t.Errorf("%d readers left open after %d reads for %d files of %d", seen.Open, len(seen.Reads), len(got), n)
		}
		if most := hoursAhead*(blobsAhead+1) + 1; ahead > most {
			t.Errorf("the listing was %d blobs ahead, want at most %d", ahead, most)
		}
		if took, want := time.Since(began), 3*n*20*time.Millisecond/mostLimit/2; took > want {
			t.Errorf("took %s of the world's time, want less than %s", took, want)
		}
		if !slices.IsSortedFunc(got, func(a, b session.Artifact) int { return strings.Compare(a.Path, b.Path) }) {
			t.Error("the artifacts are not in the order of their hours and names")
		}
		for _, x := range got[:100] {
			if b, err := os.ReadFile(filepath.Join(f.folder.Path, x.Path)); err != nil || int64(len(b)) != x.Size {
				t.Fatalf("%s has %d bytes, %v", x.Path, len(b), err)
			}
		}
	})
}

// A service that is busy is asked for less at a time, and everything arrives.
func TestFetchFromABusyService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, takes = 600, 8
		a := many(n)
		f := fetchOf(t, a)
		f.transfer = NewTransfer()
		var mu sync.Mutex
		served, serving, busy, late := 0, 0, 0, 0
		a.Opened = func(ctx context.Context, _ string, n int) error {
			for tries := 1; ; tries++ {
				mu.Lock()
				full := serving == takes
				if full {
					if busy++; served > n/2 {
						late++
					}
				} else {
					serving++
				}
				mu.Unlock()
				if full {
					plan.Throttled(ctx) // as a provider does before it sends the request again
					time.Sleep(time.Duration(tries*(50+n%20)) * time.Millisecond)
					continue
				}
				time.Sleep(10 * time.Millisecond)
				mu.Lock()
				serving--
				served++
				mu.Unlock()
				return nil
			}
		}
		got, err := f.run(t.Context())
		if err != nil || len(got) != n {
			t.Fatalf("got %d files, %v", len(got), err)
		}
		if busy == 0 || late > n/10 || f.transfer.limiter.Limit() > 2*takes {
			t.Errorf("turned away %d times, %d of them late, and %d places in the end; want few late and about %d places", busy, late, f.transfer.limiter.Limit(), takes)
		}
	})
}

var errBroken = errors.New("broken")

// The first error ends the rest; what was brought whole is returned, nothing
// else is there, and what is there is whole.
func TestFetchThatIsCut(t *testing.T) {
	tests := map[string]struct {
		cut  func(cancel context.CancelFunc) error
		want error
	}{
		"by an error":     {func(context.CancelFunc) error { return errBroken }, errBroken},
		"by an interrupt": {func(cancel context.CancelFunc) error { cancel(); return nil }, context.Canceled},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				a := many(500)
				a.Opened = func(_ context.Context, _ string, n int) error {
					time.Sleep(time.Duration(n%7) * time.Millisecond)
					if n == 100 {
						return tt.cut(cancel)
					}
					return nil
				}
				f := fetchOf(t, a)
				got, err := f.run(ctx)
				if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "fetch") {
					t.Errorf("error %v, want one that is %v and says of what", err, tt.want)
				}
				if len(got) < 30 || len(got) > 100 || len(a.Seen().Reads) > 250 {
					t.Errorf("%d files after %d reads, want those of about a hundred", len(got), len(a.Seen().Reads))
				}
				if diff := cmp.Diff(pathsOf(got), filesIn(t, f.folder.Path)); diff != "" {
					t.Errorf("files (-artifacts +there)\n%s", diff)
				}
				a.Opened = nil
				f.have = got
				a.Forget()
				again, err := f.run(t.Context())
				if err != nil || len(again) != 500 || len(a.Seen().Reads) != 500-len(got) {
					t.Errorf("then %d files, %v after %d reads; want 500 after %d", len(again), err, len(a.Seen().Reads), 500-len(got))
				}
			})
		})
	}
}

// filesIn are the files below a folder, hidden ones as well.
func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(folder, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A process that is killed leaves what it was reading hidden: a walk of the
// folder does not take it for a file, and the next fetch reads it anew.
func TestWhatAKilledFetchLeaves(t *testing.T) {
	a := many(1)
	f := fetchOf(t, a)
	folder := filepath.Join(f.folder.Path, "flowlogs", "log", "20261112T08")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(folder, ".000000000000.json.part")
	if err := os.WriteFile(left, []byte(strings.Repeat("x", 99)), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, err := range new(files.Walker).Walk(f.folder.Path) {
		if file != f.folder.Path || err == nil { // that there is no file
			t.Errorf("walked to %s, %v", file, err)
		}
	}
	got, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, f, a, got)
	if diff := cmp.Diff(pathsOf(got), filesIn(t, f.folder.Path)); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
}

// A listing that fails ends the fetch, and is not taken for an empty hour.
func TestFetchWithAListingThatFails(t *testing.T) {
	a := many(10)
	f := fetchOf(t, a)
	a.Fail = errBroken
	if got, err := f.run(t.Context()); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "fetch flow log log, hour 2026-11-12T08") {
		t.Errorf("got %d files, %v", len(got), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.Fail = nil
	if _, err := f.run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	if _, err := f.size(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("size: error %v, want that of the context", err)
	}
	if n, err := f.size(t.Context()); err != nil || n != 10*int64(len(head+`{"a":1}`+end)) {
		t.Errorf("size %d, %v", n, err)
	}
}

// Two sessions that read one flow log may cover one interface: its blob is
// read once at a time, and each session has the file.
func TestTwoSessionsWithOneInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := many(50)
		a.Opened = func(context.Context, string, int) error { time.Sleep(time.Millisecond); return nil }
		f := fetchOf(t, a)
		f.transfer = NewTransfer()
		results := make(chan []session.Artifact)
		for i := range 2 {
			mine := f
			mine.session.Target.ID = plan.ID(fmt.Sprint("/x/y/nic", i))
			go func() {
				got, err := mine.run(t.Context())
				if err != nil {
					t.Error(err)
				}
				results <- got
			}()
		}
		one, two := <-results, <-results
		if len(one) != 50 || len(two) != 50 || one[0].SHA256 != two[0].SHA256 || one[0].Target == two[0].Target {
			t.Errorf("got %d and %d files, the first %+v and %+v", len(one), len(two), one[0], two[0])
		}
	})
}
