package storage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flowlog"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
)

// months are flow logs of two watchers, of the given interfaces, every hour.
func months(from time.Time, hours, nics int) map[string]string {
	all := map[string]string{}
	for _, log := range []string{"one", "two"} {
		for h := range hours {
			at := from.Add(time.Duration(h) * time.Hour)
			for n := range nics {
				all[storagetest.BlobName(log, at, fmt.Sprintf("0022480000%02d", n))] = "x"
			}
		}
	}
	return all
}

// A window of a container of months is asked for by its hours: what it costs
// depends on the window and on the number of logs, not on what there is.
func TestAWindowCostsItsHours(t *testing.T) {
	from := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	const hours = 100 * 24
	s := storagetest.Of(months(from, hours, 3))
	at := func(text string) time.Time { t, _ := time.Parse(time.RFC3339, text); return t }
	tests := map[string]struct {
		prefix     string
		start, end time.Time
		hours      int // of each log
		logs       int
		requests   int
	}{
		"two hours":             {"", at("2026-10-05T08:10:00Z"), at("2026-10-05T09:50:00Z"), 2, 2, 5 + 2*2},
		"late records":          {"", at("2026-10-05T08:10:00Z"), at("2026-10-05T09:56:00Z"), 3, 2, 5 + 2*3},
		"over midnight":         {"", at("2026-10-31T23:30:00Z"), at("2026-11-01T00:30:00Z"), 2, 2, 5 + 2*2},
		"one log":               {"flowLogResourceID=/11111111-2222-3333-4444-555555555555_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_ONE/", at("2026-10-05T08:10:00Z"), at("2026-10-05T08:50:00Z"), 1, 1, 2},
		"a part of a log's":     {"flowLogResourceID=/11111111-2222-3333-4444-555555555555_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_O", at("2026-10-05T08:10:00Z"), at("2026-10-05T08:50:00Z"), 1, 1, 3},
		"a day by its folder":   {"flowLogResourceID=/11111111-2222-3333-4444-555555555555_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_ONE/y=2026/m=09/d=0", at("2026-09-07T22:10:00Z"), at("2026-09-30T00:00:00Z"), 2 + 48, 1, 4},
		"whole days and months": {"", at("2026-08-30T00:00:00Z"), at("2026-10-02T00:00:00Z"), 33*24 + 1, 2, 15},
		"all there is":          {"", at("1970-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), hours, 2, 9},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s.Forget()
			got := walked(t, &Location{Blobs: s, Container: flowlog.VNetContainer, Prefix: tt.prefix, Start: tt.start, End: tt.end})
			asked := s.Seen()
			n := asked.Lists + asked.Prefixes
			if len(got) != tt.hours*tt.logs*3 || n != tt.requests {
				t.Errorf("%d blobs by %d requests (%+v), want %d by %d", len(got), n, asked, tt.hours*tt.logs*3, tt.requests)
			}
			for _, name := range got {
				p, ok := flowlog.ParsePath(name)
				if !ok || p.Hour.Add(time.Hour).Before(tt.start) || p.Hour.After(tt.end.Add(Late)) || !strings.HasPrefix(name, tt.prefix) {
					t.Fatalf("%s is not meant", name)
				}
			}
		})
	}
	nsgs := &storagetest.Account{}
	for _, name := range []string{"nsg-one", "nsg-two"} {
		for h := range 48 {
			nsg := storagetest.Watcher[:strings.Index(string(storagetest.Watcher), "/resourceGroups/")] + "/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/" + plan.ID(name)
			nsgs.Put(flowlog.NSGPrefix(nsg, from.Add(time.Duration(h)*time.Hour))+"002248000001/PT1H.json", "x")
		}
	}
	place := &Location{Blobs: nsgs, Container: flowlog.NSGContainer, Start: from.Add(30 * time.Hour), End: from.Add(31 * time.Hour)}
	got := walked(t, place)
	if asked := nsgs.Seen(); len(got) != 4 || asked.Lists+asked.Prefixes != 9+2+2*2 {
		t.Errorf("of NSGs: %v by %+v", got, asked)
	}
	got = walked(t, &Location{Blobs: s, Container: flowlog.VNetContainer, Start: at("2027-03-01T00:00:00Z"), End: at("2027-03-01T02:00:00Z")})
	if !cmp.Equal(got, []string{"error: there is no flow log of this time"}) {
		t.Errorf("a time of which there is nothing: %v", got)
	}
}
