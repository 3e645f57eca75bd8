package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/plan/session"
	"flowctl/providers/sandbox"
)

// counted notes how many bytes of blobs are read.
type counted struct {
	plan.Blobs
	bytes atomic.Int64
}

func (c *counted) Open(ctx context.Context, b plan.Blob, offset, length int64) (io.ReadCloser, error) {
	c.bytes.Add(length)
	return c.Blobs.Open(ctx, b, offset, length)
}

// The sandbox's hour blobs grow by a block a minute as Azure's do. They are
// fetched every few minutes over the turn of an hour; each time the files are
// what is in storage, and little more is read than is new.
func TestFetchFromTheSandbox(t *testing.T) {
	s, err := sandbox.Open(sandbox.Options{Clock: new(float64)}) // time passes by Sleep only
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Provider()
	if err != nil {
		t.Fatal(err)
	}
	began := s.Clock().Now()
	want, url := aLog(t, s, began.Add(2*time.Hour))
	rec, err := p.Start(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	inside, err := p.Blobs(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	blobs := &counted{Blobs: inside}
	f := job{session: want, recording: rec, start: began, end: began.Add(2 * time.Hour),
		blobs: blobs, folder: session.Folder{Path: t.TempDir()}}
	var before int64
	for i := range 8 {
		if err := s.Clock().Sleep(t.Context(), 11*time.Minute); err != nil {
			t.Fatal(err)
		}
		blobs.bytes.Store(0)
		if f.have, err = f.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := checked(t, f, inside)
		if all <= before {
			t.Fatalf("round %d: %d bytes in storage after %d: nothing grew", i, all, before)
		}
		if read, most := blobs.bytes.Load(), all-before+int64(len(f.have))*(4<<10+2); read > most {
			t.Errorf("round %d: %d bytes were read, of %d new ones in %d files", i, read, all-before, len(f.have))
		}
		before = all
	}
	blobs.bytes.Store(0)
	if _, err := f.run(t.Context()); err != nil || blobs.bytes.Load() != 0 {
		t.Errorf("%d bytes were read although nothing is new, %v", blobs.bytes.Load(), err)
	}
}

// aLog is a flow log of a network that has none, and where its account is.
func aLog(t *testing.T, s *sandbox.Sandbox, until time.Time) (want plan.Session, blobURL string) {
	t.Helper()
	w := s.World
	taken := map[string]bool{}
	for _, l := range w.FlowLogs {
		taken[l.Target.Key()], taken[l.Storage.ID.Key()] = true, true
	}
	for _, vm := range w.VMs {
		net := vm.NICs[0].Subnet.VNet
		if vm.Power != "running" || taken[net.ID.Key()] {
			continue
		}
		for _, a := range w.Accounts {
			for _, nw := range w.Watchers {
				if a.Location == vm.Location && nw.Location == vm.Location && !taken[a.ID.Key()] && a.SharedKey && strings.HasPrefix(a.SKU, "Standard") {
					return plan.Session{Name: "mine", Mechanism: plan.FlowLog, Watcher: nw.ID, Storage: a.ID, Deadline: until,
						Target: plan.Target{Kind: "vnet", ID: net.ID, Location: net.Location}, FlowLog: &plan.FlowLogSpec{}}, a.BlobURL
				}
			}
		}
	}
	t.Fatal("the world has no network without a flow log")
	return plan.Session{}, ""
}

// checked compares the files with what is in storage, and returns how much
// that is.
func checked(t *testing.T, f job, blobs plan.Blobs) int64 {
	t.Helper()
	var n int64
	for _, a := range f.have {
		container, name, _ := strings.Cut(a.Blob, "/")
		r, err := blobs.Open(t.Context(), plan.Blob{Container: container, Name: name}, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(f.folder.Path, a.Path))
		if err != nil || string(file) != string(stored) {
			t.Errorf("%s has %d bytes that are not the %d in storage, %v", a.Path, len(file), len(stored), err)
		}
		if sum := sha256.Sum256(stored); hex.EncodeToString(sum[:]) != a.SHA256 {
			t.Errorf("%s: SHA-256 %s is not of what is in storage", a.Path, a.SHA256)
		}
		n += int64(len(stored))
	}
	return n
}
