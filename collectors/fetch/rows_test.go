package fetch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/session"
)

// millionRows is a workspace with so many rows in one hour. It answers as rows are asked for, and
// holds none.
type millionRows struct {
	plan.Provider
	counts, slices int
}

func (m *millionRows) Subscription() string { return "s" }

func (m *millionRows) Logs(_ context.Context, _ plan.ID, q plan.LogQuery) (io.ReadCloser, error) {
	if strings.Contains(q.Text, "count()") {
		m.counts++
		return io.NopCloser(strings.NewReader(`{"tables":[{"columns":[{"name":"Hour"},{"name":"Rows"},{"name":"Bytes"}],"rows":[["2026-11-12T10:00:00Z",1000000,9e8]]}]}`)), nil
	}
	m.slices++
	if want := fmt.Sprintf("%d) == %d", 1_000_000/mostRows, m.slices-1); !strings.Contains(q.Text, want) {
		return nil, fmt.Errorf("slice %d asks for another: %s", m.slices, q.Text)
	}
	row := []byte("[" + strings.Repeat(`"x",`, 30) + "1],\n")
	return io.NopCloser(io.LimitReader(&repeated{row: row}, int64(len(row)*mostRows))), nil
}

// repeated is a row again and again.
type repeated struct {
	row []byte
	at  int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.row[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.row)
	}
	return n, nil
}

// TestMillionRows brings a million rows in slices and bounded memory, and none of them twice.
func TestMillionRows(t *testing.T) {
	logs := &millionRows{}
	c := Collector{Folder: session.Folder{Path: t.TempDir()}, Providers: map[string]plan.Provider{"": logs}}
	flowLog := plan.Recording{ID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w/flowLogs/l", Target: "v", Mechanism: plan.FlowLog,
		FlowLog: &plan.FlowLogSpec{TrafficAnalytics: &plan.TrafficAnalytics{Workspace: "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/law"}}}
	rows, ok := flowLog.Rows()
	if !ok || rows.ID.Name() != "l@law" || rows.ID.Parent().Name() != "law" {
		t.Fatal(rows.ID, ok)
	}
	hour := time.Date(2026, 11, 12, 10, 0, 0, 0, time.UTC)
	want := apply.Want{Session: plan.Session{Name: rows.ID.Name(), Target: plan.Target{ID: "v"}}, Recording: rows, Start: hour, End: hour.Add(time.Hour)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := c.Collect(t.Context(), want)
	runtime.ReadMemStats(&after)
	if err != nil || len(got) != 100 || logs.counts != 1 {
		t.Fatalf("%d files after %d counts: %v", len(got), logs.counts, err)
	}
	var size int64
	for _, a := range got {
		size += a.Size
	}
	if used := int64(after.TotalAlloc - before.TotalAlloc); used > size/10 {
		t.Errorf("%d bytes of rows took %d bytes of memory in all", size, used)
	}
	want.Have = got[:99] // as if the run had been killed in the last slice
	logs.slices = 99
	if again, err := c.Collect(t.Context(), want); err != nil || len(again) != 100 || logs.slices != 100 {
		t.Errorf("%d files, %d slices were asked for again: %v", len(again), logs.slices-99, err)
	}
}

// TestKQLText keeps names from being more than texts.
func TestKQLText(t *testing.T) {
	log := plan.ID(`/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w/flowLogs/l' or 1==1 or '\`)
	text := rowsOf(log, map[string]bool{"000D3A000001": true}, time.Unix(0, 0), time.Unix(3600, 0))
	for _, want := range []string{`=~ 's/g/w/l\' or 1==1 or \'\\'`, `MacAddress in ('00-0D-3A-00-00-01')`, "datetime(1970-01-01T01:00:00Z)"} {
		if !bytes.Contains([]byte(text), []byte(want)) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}
