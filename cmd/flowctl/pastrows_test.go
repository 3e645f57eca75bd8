package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/cmd/internal/command"
	"flowctl/cmd/internal/env"
	"flowctl/providers/sandbox"
)

const rowsFile = `
provider "sandbox" {
  clock = 0
  world = "w.hcl"
}
investigation "rows" {
  reason = "what was there before we looked"
  owner  = "o@example.com"
  start  = "2026-11-12T10:00:00Z"
  end    = "2026-11-12T13:00:00Z"
  watch "vnet" "data" {
    name           = "vnet-data"
    resource_group = "rg-net"
  }
  summarize "who" {
    by    = ["source.address", "destination.address", "destination.port", "protocol", "verdict"]
    order = "source.address"
    top   = 1000
  }
}
`

const (
	rowsSub     = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/"
	rowsGroup   = rowsSub + "rg-net/providers/"
	rowsLaw     = rowsGroup + "Microsoft.OperationalInsights/workspaces/law-soc"
	rowsLog     = rowsSub + "NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope/flowLogs/sec-data?api-version=2024-05-01"
	rowsLogBody = `{"location":"westeurope","properties":{"targetResourceId":"` + rowsGroup + `Microsoft.Network/virtualNetworks/vnet-data",
"storageId":"` + rowsGroup + `Microsoft.Storage/storageAccounts/stcontosonetweu","enabled":true,"flowAnalyticsConfiguration":{"networkWatcherFlowAnalyticsConfiguration":{
"enabled":true,"workspaceResourceId":"` + rowsLaw + `","workspaceRegion":"westeurope","trafficAnalyticsInterval":INTERVAL}}}}`
)

// flowctlIn runs the program in the working directory.
func flowctlIn(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	e := &env.Env{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Environ: []string{"FLOWCTL_DIR=.flowctl"}}
	if code := command.Main(t.Context(), e); code != 0 {
		t.Fatalf("flowctl %s: exit status %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

func writeIn(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sums is what an answer says that does not depend on source ports.
type sums struct {
	Bytes, Packets uint64
	Rows           map[string][2]uint64 // bytes and packets, by all that is asked for
}

func sumsOf(t *testing.T, text []byte) (s sums) {
	t.Helper()
	type answer struct {
		Rows []struct {
			Key     []any  `json:"key"`
			Bytes   uint64 `json:"ip_bytes"`
			Packets uint64 `json:"packets"`
		} `json:"rows"`
	}
	var doc struct {
		Answer json.RawMessage `json:"answer"`
		Asks   []answer        `json:"asks"`
	}
	err := json.Unmarshal(text, &doc)
	if err == nil && len(doc.Asks) == 0 { // of summarize --by
		doc.Asks = make([]answer, 1)
		err = json.Unmarshal(doc.Answer, &doc.Asks[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Rows = map[string][2]uint64{}
	for _, r := range doc.Asks[0].Rows {
		s.Bytes, s.Packets = s.Bytes+r.Bytes, s.Packets+r.Packets
		if r.Bytes > 0 {
			s.Rows[fmt.Sprint(r.Key)] = [2]uint64{r.Bytes, r.Packets}
		}
	}
	return s
}

// answered carries rowsFile out over a world in which a security team logs vnet-data to storage
// and a workspace since eight o'clock, and returns plan, report and answer.
func answered(t *testing.T, faults, interval string) (plan, report string, s sums) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeIn(t, "w.hcl", string(sandbox.WorldSource())+faults)
	writeIn(t, "rows.hcl", rowsFile)
	writeIn(t, "law.json", `{"location":"westeurope","properties":{"sku":{"name":"PerGB2018"}}}`)
	writeIn(t, "log.json", strings.ReplaceAll(rowsLogBody, "INTERVAL", interval))
	flowctlIn(t, "plan", "--coverage", "rows.hcl") // which makes the world's folder
	flowctlIn(t, "sandbox", "request", "--world", "w.hcl", "PUT", rowsLaw+"?api-version=2023-09-01", "law.json")
	flowctlIn(t, "sandbox", "request", "--world", "w.hcl", "PUT", rowsLog, "log.json")
	flowctlIn(t, "sandbox", "pass", "--world", "w.hcl", "10h")
	plan, _ = flowctlIn(t, "plan", "rows.hcl")
	flowctlIn(t, "apply", "--auto-approve", "rows.hcl")
	folder, err := filepath.Glob(".flowctl/results/rows/*")
	if err != nil || len(folder) != 1 {
		t.Fatal(folder, err)
	}
	b, err := os.ReadFile(filepath.Join(folder[0], "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	md, err := os.ReadFile(filepath.Join(folder[0], "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	return plan, string(md), sumsOf(t, b)
}

const (
	unlistable = `
fault "unlistable" {
  operation = "blob.list"
  status    = 403
  code      = "AuthorizationPermissionMismatch"
}
`
	halfLost = `
fault "lost" {
  operation = "flow_log.record"
  effect    = "never"
  after     = "2026-11-12T11:59:00Z"
  until     = "2026-11-12T13:10:00Z"
}
`
)

// TestPastByRows holds one question to the same sums, however it was recorded: by blobs, by rows of
// Traffic Analytics of both intervals, by a CSV of these rows, and by blobs for one hour and rows
// for the others. Flows that began before the window are what blobs alone can tell.
func TestPastByRows(t *testing.T) {
	plan, _, blobs := answered(t, "", "60")
	if !strings.Contains(plan, "3 of 3") || strings.Contains(plan, "Traffic Analytics") || blobs.Bytes == 0 {
		t.Fatalf("by blobs, of %d bytes:\n%s", blobs.Bytes, plan)
	}
	for _, interval := range []string{"60", "10"} {
		plan, report, rows := answered(t, unlistable, interval)
		if diff := cmp.Diff(blobs, rows); diff != "" {
			t.Errorf("rows of %s minutes (-blobs +rows):\n%s", interval, diff)
		}
		if !strings.Contains(plan, "its rows are read in their place") || !strings.Contains(report, "the source port is not known") {
			t.Errorf("rows of %s minutes are not told:\n%s\n%s", interval, plan, report)
		}
		files, err := filepath.Glob(".flowctl/results/rows/*/workspace/*/*.json")
		if err != nil || len(files) != 3 {
			t.Fatal(files, err)
		}
		toCSV(t, "portal.csv", files)
		out, _ := flowctlIn(t, "summarize", "--json", "--by", "source.address,destination.address,destination.port,protocol,verdict", "--order", "source.address", "--top", "1000", "portal.csv")
		if diff := cmp.Diff(rows, sumsOf(t, []byte(out))); diff != "" {
			t.Errorf("a CSV of rows of %s minutes (-rows +csv):\n%s", interval, diff)
		}
	}
	plan, report, both := answered(t, halfLost, "60")
	if diff := cmp.Diff(blobs, both); diff != "" {
		t.Errorf("blobs and rows (-blobs +both):\n%s", diff)
	}
	for _, want := range []string{`flow log sec-data +2 of 3`, `Traffic Analytics sec-data@law-soc +2 of 3`} { // the hour before a missing one lacks its last minute
		if !regexp.MustCompile(want).MatchString(plan) {
			t.Errorf("no %s in:\n%s", want, plan)
		}
	}
	if strings.Contains(report, "never written") {
		t.Errorf("what rows have is told to be missing:\n%s", report)
	}
}

// toCSV writes rows of answers of the query API as the portal does.
func toCSV(t *testing.T, name string, files []string) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	for i, file := range files {
		var doc struct {
			Tables []struct {
				Columns []struct{ Name, Type string }
				Rows    [][]any
			}
		}
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &doc)
		}
		if err != nil {
			t.Fatal(err)
		}
		var head []string
		for _, c := range doc.Tables[0].Columns {
			title := c.Name
			if c.Type == "datetime" {
				title += " [UTC]"
			}
			head = append(head, title)
		}
		if i == 0 {
			w.Write(head)
		}
		for _, r := range doc.Tables[0].Rows {
			var line []string
			for _, v := range r {
				if f, ok := v.(float64); ok {
					v = int64(f)
				}
				line = append(line, fmt.Sprint(v))
			}
			w.Write(line)
		}
	}
	w.Flush()
	writeIn(t, name, b.String())
}
