//go:build unix && !race

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

const largeWorld = `
name         = "large"
epoch        = "2026-11-12T08:00:00Z"
seed         = 5
subscription = "66666666-2222-3333-4444-555555555555"
tenant       = "66666666-2222-3333-4444-666666666666"
regions      = ["westeurope"]
resource_group "rg" {
  region = "westeurope"
}
storage_account "stlarge" {
  resource_group = "rg"
}
fleet "app" {
  resource_group = "rg"
  address_space  = "10.0.0.0/8"
  vnets          = 500
  vms            = 10000
  tags           = { role = "app" }
}
`

const largeFile = `
provider "sandbox" {
  clock = 0
  world = "large.world.hcl"
}
investigation "large" {
  reason = "a subscription of 10,000 machines"
  owner  = "netops@example.com"
  window = "1h"
  watch "vnet" "app" {
    tags = { role = "app" }
  }
}
`

// total is how many requests the debug log counts.
var total = regexp.MustCompile(`requests to Resource Manager.* total=(\d+)`)

// planLarge runs plan over 10,000 machines and 500 virtual networks, and
// returns its requests and its peak memory in bytes, by the system's measure.
// The sandbox runs in the same process.
func planLarge(tb testing.TB) (requests int, peak int64) {
	tb.Helper()
	dir := tb.TempDir()
	for name, text := range map[string]string{"large.world.hcl": largeWorld, "large.hcl": largeFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	cmd := exec.Command("flowctl", "plan", "--log-level", "debug", "large.hcl")
	var log bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &log
	if err := cmd.Run(); err != nil {
		tb.Fatalf("plan: %v\n%s", err, log.Bytes())
	}
	m := total.FindSubmatch(log.Bytes())
	if m == nil {
		tb.Fatal("the requests are not in the debug log")
	}
	requests, _ = strconv.Atoi(string(m[1]))
	// Measured by a small program: what a child is said to have used is at least what its
	// parent had, and this one has run many tests.
	timed := exec.Command("flowctl", "bench", "timed", "--", "flowctl", "plan", "large.hcl")
	timed.Dir = dir
	out, err := timed.Output()
	if err != nil {
		tb.Fatalf("plan: %v", err)
	}
	var took struct{ Peak int64 }
	if err := json.Unmarshal(out, &took); err != nil {
		tb.Fatal(err)
	}
	return requests, took.Peak
}

func BenchmarkPlanLarge(b *testing.B) {
	for b.Loop() {
		requests, peak := planLarge(b)
		b.ReportMetric(float64(requests), "requests")
		b.ReportMetric(float64(peak)/1e6, "MB-peak")
	}
}

// The requests are bounded by pages, and the memory by half a gigabyte.
func TestPlanLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 machines")
	}
	requests, peak := planLarge(t)
	if requests > 150 {
		t.Errorf("%d requests for 10,000 machines, want no more than 150", requests)
	}
	if peak > 500e6 {
		t.Errorf("peak memory %d bytes, want less than 500 MB", peak)
	}
	t.Logf("%d requests, %d MB", requests, peak/1e6)
}
