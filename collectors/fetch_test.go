package collectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
	"flowctl/plan/session"
)

// account is a storage account in memory. It notes what is read of it, and can
// change a blob between a look and a read.
type account struct {
	blobs map[string][]byte // by name
	grow  map[string][]byte // what a blob becomes at the next read
	read  []string
}

func (a *account) blob(name string) plan.Blob {
	return plan.Blob{Container: "c", Name: name, Size: int64(len(a.blobs[name])), ETag: fmt.Sprint(len(a.blobs[name]))}
}

func (a *account) List(_ context.Context, container, prefix string) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		if len(a.blobs) == 0 {
			yield(plan.Blob{}, fmt.Errorf("ContainerNotFound: %w", plan.ErrNotFound))
			return
		}
		var names []string
		for n := range a.blobs {
			if strings.HasPrefix(n, prefix) {
				names = append(names, n)
			}
		}
		slices.Sort(names)
		for _, n := range names {
			if !yield(a.blob(n), nil) {
				return
			}
		}
	}
}

func (a *account) Prefixes(context.Context, string, string) iter.Seq2[string, error] { return nil }

func (a *account) Stat(_ context.Context, _, name string) (plan.Blob, error) {
	return a.blob(name), nil
}

func (a *account) Blocks(context.Context, plan.Blob) ([]int64, error) { return nil, nil }

func (a *account) Open(_ context.Context, b plan.Blob, offset, length int64) (io.ReadCloser, error) {
	if next, ok := a.grow[b.Name]; ok {
		a.blobs[b.Name] = next
		delete(a.grow, b.Name)
	}
	if a.blob(b.Name).ETag != b.ETag {
		return nil, plan.ErrChanged
	}
	a.read = append(a.read, fmt.Sprintf("%d+%d", offset, length))
	return io.NopCloser(bytes.NewReader(a.blobs[b.Name][offset : offset+length])), nil
}

var hour = time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)

const nw = plan.ID("/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope")

func blobName(at time.Time, mac string) string {
	return flowlog.Prefixes(nw, "log", at)[0] + mac + "/PT1H.json"
}

func fetchOf(t *testing.T, a *account) Fetch {
	return Fetch{
		Session:   plan.Session{Name: "log", Mechanism: plan.FlowLog, Target: plan.Target{ID: "/x/y/vnet"}},
		Recording: plan.Recording{ID: nw + "/flowLogs/log", Mechanism: plan.FlowLog},
		Start:     hour.Add(10 * time.Minute), End: hour.Add(58 * time.Minute),
		Blobs: a, Folder: session.Folder{Path: t.TempDir()},
	}
}

const head, first, second, end = `{"records":[`, `{"a":1}`, `,{"b":2}`, `]}`

// A growing blob is read once, and then only what is new; the file is whole
// each time.
func TestFetchGrowingBlob(t *testing.T) {
	name := blobName(hour, "000D3A000001")
	a := &account{blobs: map[string][]byte{name: []byte(head + first + end)}}
	f := fetchOf(t, a)
	var err error
	if f.Have, err = f.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.blobs[name] = []byte(head + first + second + end)
	again, err := f.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(f.Folder.Path, again[0].Path))
	if err != nil || string(got) != head+first+second+end {
		t.Errorf("file %q, %v", got, err)
	}
	if want := []string{"0+21", "19+10"}; !slices.Equal(a.read, want) {
		t.Errorf("read %v, want %v", a.read, want)
	}
	if again[0].SHA256 == f.Have[0].SHA256 || again[0].Size != 29 {
		t.Errorf("artifact %+v after %+v", again[0], f.Have[0])
	}
	f.Have, a.read = again, nil
	if _, err := f.Run(t.Context()); err != nil || len(a.read) != 0 {
		t.Errorf("read %v, %v although nothing is new", a.read, err)
	}
}

func TestFetchBlobThatChangesMeanwhile(t *testing.T) {
	name := blobName(hour, "000D3A000001")
	a := &account{blobs: map[string][]byte{name: []byte(head + first + end)}, grow: map[string][]byte{name: []byte(head + first + second + end)}}
	got, err := fetchOf(t, a).Run(t.Context())
	if err != nil || len(got) != 1 || got[0].Size != 29 {
		t.Errorf("got %+v, %v; want the grown blob", got, err)
	}
}

// What happened in the last minutes of an hour can lie in the next hour's blob.
func TestFetchReadsTheHourAfter(t *testing.T) {
	a := &account{blobs: map[string][]byte{
		blobName(hour.Add(-time.Hour), "000D3A000001"):  []byte(head + end),
		blobName(hour, "000D3A000001"):                  []byte(head + end),
		blobName(hour, "000D3A000002"):                  []byte(head + end),
		blobName(hour.Add(time.Hour), "000D3A000001"):   []byte(head + end),
		blobName(hour.Add(2*time.Hour), "000D3A000001"): []byte(head + end),
	}}
	f := fetchOf(t, a)
	f.MACs = map[string]bool{"000D3A000001": true}
	got, err := f.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, x := range got {
		paths = append(paths, x.Path)
	}
	want := []string{"flowlogs/log/20261112T08/000D3A000001.json", "flowlogs/log/20261112T09/000D3A000001.json"}
	if !slices.Equal(paths, want) {
		t.Errorf("got %v, want %v", paths, want)
	}
}

func TestFetchCaptures(t *testing.T) {
	const base = "subscriptions/s/resourcegroups/rg/providers/microsoft.compute/"
	vm, set := base+"virtualmachines/db/2026/11/12/packetcapture_08_00_00_000", base+"virtualmachinescalesets/web/2026/11/12/packetcapture_08_00_00_000"
	inst := func(n string) string {
		return base + "virtualmachinescalesets/web/virtualmachines/" + n + "/2026/11/12/packetcapture_08_00_00_000.cap"
	}
	tests := map[string]struct {
		stem     string
		machines int
		blobs    []string
		want     int
		waiting  bool
	}{
		"none yet":              {vm, 1, nil, 0, true},
		"one":                   {vm, 1, []string{vm + ".cap"}, 1, false},
		"of another time":       {vm, 1, []string{strings.Replace(vm, "08_00", "07_00", 1) + ".cap"}, 0, true},
		"of another machine":    {vm, 1, []string{strings.Replace(vm, "/db/", "/db2/", 1) + ".cap"}, 0, true},
		"a ring":                {vm, 1, []string{vm + "_1.cap", vm + "_2.cap"}, 2, false},
		"a scale set":           {set, 2, []string{inst("0"), inst("1")}, 2, false},
		"a scale set, not yet":  {set, 2, []string{inst("0")}, 1, true},
		"a scale set, one file": {set, 1, []string{set + ".cap"}, 1, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := &account{blobs: map[string][]byte{}}
			for _, b := range tc.blobs {
				a.blobs[b] = []byte("x")
			}
			f := Fetch{
				Session:   plan.Session{Mechanism: plan.PacketCapture, Target: plan.Target{ID: "/a/b/web"}},
				Recording: plan.Recording{ID: nw + "/packetCaptures/c", Path: "https://a.blob.core.windows.net/network-watcher-logs/" + tc.stem + ".cap"},
				Blobs:     a, Folder: session.Folder{Path: t.TempDir()}, Machines: tc.machines,
			}
			got, err := f.Run(t.Context())
			if len(got) != tc.want || errors.Is(err, plan.ErrNotFound) != tc.waiting || err != nil && !tc.waiting {
				t.Errorf("got %d files, %v; want %d, still waiting: %v", len(got), err, tc.want, tc.waiting)
			}
		})
	}
}

func TestSplitBlobURL(t *testing.T) {
	c, n, err := SplitBlobURL("https://a.blob.core.windows.net/logs/x/y%20z.cap")
	if err != nil || c != "logs" || n != "x/y z.cap" {
		t.Errorf("%q, %q, %v", c, n, err)
	}
	for _, s := range []string{"", "x", "https://a/", "https://a/logs", "https://a/logs/", ":", "/logs/x"} {
		if _, _, err := SplitBlobURL(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
