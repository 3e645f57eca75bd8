package fetch

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flowlog"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
	"flowctl/plan/session"
)

var hour = time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)

func blobName(at time.Time, mac string) string {
	return storagetest.BlobName("log", at, mac)
}

func fetchOf(t testing.TB, a *storagetest.Account) job {
	return job{
		session:   plan.Session{Name: "log", Mechanism: plan.FlowLog, Target: plan.Target{ID: "/x/y/vnet"}},
		recording: plan.Recording{ID: storagetest.Watcher + "/flowLogs/log", Mechanism: plan.FlowLog},
		start:     hour.Add(10 * time.Minute), end: hour.Add(58 * time.Minute),
		blobs: a, folder: session.Folder{Path: t.TempDir()},
	}
}

func pathsOf(all []session.Artifact) []string {
	var paths []string
	for _, a := range all {
		paths = append(paths, a.Path)
	}
	return paths
}

const head, first, second, end = `{"records":[`, `{"a":1}`, `,{"b":2}`, `]}`

// An interface can have a blob in either layout of names: both are kept, the
// one in the layout that is usual under its own name.
func TestFetchOfBothLayouts(t *testing.T) {
	const mac = "000D3A000001"
	var names []string
	for _, prefix := range flowlog.Prefixes(storagetest.Watcher, "log", hour) {
		names = append(names, prefix+mac+"/PT1H.json")
	}
	a := storagetest.Of(map[string]string{names[0]: head + first + end, names[1]: head + end})
	got, err := fetchOf(t, a).run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"flowlogs/log/20261112T08/000D3A000001.json", "flowlogs/log/20261112T08/000D3A000001_2.json"}
	if diff := cmp.Diff(want, pathsOf(got)); diff != "" || got[0].Size == got[1].Size {
		t.Errorf("paths (-want +got)\n%s\nof %+v", diff, got)
	}
}

// What happened in the last minutes of an hour can lie in the next hour's blob.
func TestFetchReadsTheHourAfter(t *testing.T) {
	a := storagetest.Of(map[string]string{
		blobName(hour.Add(-time.Hour), "000D3A000001"):  head + end,
		blobName(hour, "000D3A000001"):                  head + end,
		blobName(hour, "000D3A000002"):                  head + end,
		blobName(hour.Add(time.Hour), "000D3A000001"):   head + end,
		blobName(hour.Add(2*time.Hour), "000D3A000001"): head + end,
	})
	f := fetchOf(t, a)
	f.macs = map[string]bool{"000D3A000001": true}
	got, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"flowlogs/log/20261112T08/000D3A000001.json", "flowlogs/log/20261112T09/000D3A000001.json"}
	if paths := pathsOf(got); !slices.Equal(paths, want) {
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
		"in two folders":        {vm, 1, []string{vm + ".cap", strings.Replace(vm, "/12/", "/13/", 1) + ".cap"}, 2, false},
		"a scale set":           {set, 2, []string{inst("0"), inst("1")}, 2, false},
		"a scale set, not yet":  {set, 2, []string{inst("0")}, 1, true},
		"a scale set, one file": {set, 1, []string{set + ".cap"}, 1, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := &storagetest.Account{}
			for _, b := range tc.blobs {
				a.Put(b, "x")
			}
			f := job{
				session:   plan.Session{Mechanism: plan.PacketCapture, Target: plan.Target{ID: "/a/b/web"}},
				recording: plan.Recording{ID: storagetest.Watcher + "/packetCaptures/c", Path: "https://a.blob.core.windows.net/network-watcher-logs/" + tc.stem + ".cap"},
				blobs:     a, folder: session.Folder{Path: t.TempDir()}, machines: tc.machines,
			}
			got, err := f.run(t.Context())
			paths := map[string]bool{}
			for _, x := range got {
				paths[x.Path] = true
			}
			if len(got) != tc.want || len(paths) != len(got) || errors.Is(err, plan.ErrNotFound) != tc.waiting || err != nil && !tc.waiting {
				t.Errorf("got %d files, %v; want %d, still waiting: %v", len(got), err, tc.want, tc.waiting)
			}
		})
	}
}
