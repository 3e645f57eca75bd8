package operation

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/plan/session"
)

// hourFile is a flow log with a tuple of 10 packets in each minute of an hour, by
// two security groups in turn.
func hourFile(hour time.Time) string {
	var records []string
	for m := range 60 {
		at := hour.Add(time.Duration(m) * time.Minute)
		records = append(records, fmt.Sprintf(`{"time":%q,"macAddress":"002248000001","flowLogResourceID":"/LOG","targetResourceID":"/vnet","flowLogVersion":4,`+
			`"flowRecords":{"flows":[{"aclID":"acl%d","flowGroups":[{"rule":"r","flowTuples":["%d,10.0.0.4,10.0.0.5,50000,443,6,O,C,NX,10,1000,0,0"]}]}]}}`,
			at.Format(time.RFC3339), m%2, at.UnixMilli()))
	}
	return `{"records":[` + strings.Join(records, ",") + `]}`
}

// TestFolderAboveRuns reads runs with their own windows and filters: what two of
// them collected counts as far as one of them asked for it, and once.
func TestFolderAboveRuns(t *testing.T) {
	hour := time.Date(2026, 3, 17, 9, 0, 0, 0, time.UTC)
	at := func(m int) time.Time { return hour.Add(time.Duration(m) * time.Minute) }
	above := t.TempDir()
	for name, m := range map[string]session.Manifest{
		"a": {Start: at(0), End: at(20)}, "b": {Start: at(10), End: at(30)},
		"view": {Start: at(20), End: at(40), Views: []plan.View{{Watch: "w", GUID: "acl1"}},
			Sessions: []session.Session{{Name: "s", Watches: []string{"w"}}}},
	} {
		m.Artifacts = []session.Artifact{{Path: "PT1H.json", Session: "s"}}
		f := session.Folder{Path: filepath.Join(above, name)}
		if err := f.WriteManifest(m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.Path, "PT1H.json"), []byte(hourFile(hour)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, paths := range [][]string{{above}, {filepath.Join(above, "view"), filepath.Join(above, "b"), filepath.Join(above, "a")}} {
		a, err := Summarize(t.Context(), Settings{}, SummarizeOptions{Paths: paths})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		// Minutes 0 to 29 of all groups, 30 to 39 of acl1. Held twice: 10 to 19, and of 20 to 29 what is of acl1.
		if got := [2]uint64{a.Doc.Total.Packets.N, a.Doc.Merged.Packets.N}; got != [2]uint64{350, 150} {
			t.Errorf("%s: counted and merged %d packets, want 350 and 150", paths, got)
		}
		if len(a.Doc.Sources) != 3 || a.Doc.Sources[0].Status != "ok" {
			t.Errorf("%s: sources %+v", paths, a.Doc.Sources)
		}
	}
}
