package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/collectors/summary"
)

// mapOf is an answer of n machines in VNets of 40 and subnets of 10, each of which asks the
// next subnet's first, some of the internet and Storage, and is refused by one.
func mapOf(n int) *summary.Document {
	end := func(i int) []string {
		v := fmt.Sprintf("vnet-%d", i/40)
		return []string{fmt.Sprintf("vm-%d", i), fmt.Sprintf("%s/snet-%d", v, i/10), v, "", "westeurope", "vnet"}
	}
	a := summary.Answer{By: MapFields}
	add := func(from, to []string, verdict, encryption string, bytes, flows uint64) {
		row := summary.Row{Key: append(append(append([]string{}, from...), to...), verdict, encryption), Flows: flows}
		row.IPBytes = summary.Known(bytes)
		a.Rows = append(a.Rows, row)
	}
	for i := range n {
		add(end(i), end((i/10*10+10)%n), "allowed", []string{"X", "NX"}[i%2], uint64(1000*(n-i)), 3)
		if i%3 == 0 {
			add(end(i), []string{"", "", "", "Storage", "westeurope", "internet"}, "allowed", "NX", uint64(500*i+1), 2)
		}
		if i%5 == 0 {
			add([]string{"", "", "", "", "", "internet"}, end(i), "denied", "NX", 0, 7)
		}
	}
	return &summary.Document{Asks: []summary.Answer{a}, Simulated: true}
}

// TestMapSizes checks that maps of 10, 200 and 2,000 machines begin at a level that can be read,
// that no node lies on another, and that nothing that talked is lost.
func TestMapSizes(t *testing.T) {
	for n, level := range map[int]string{10: "machine", 200: "subnet", 2000: "vnet"} {
		doc := mapOf(n)
		a := &doc.Asks[0]
		if got := BestLevel(a); got != level {
			t.Errorf("%d machines begin by %s, want %s", n, got, level)
		}
		for _, level := range Levels {
			m := NewMap(a, level)
			if len(m.Nodes) > mostNodes {
				t.Errorf("%d machines by %s: %d nodes", n, level, len(m.Nodes))
			}
			var flows, want uint64
			for _, e := range m.Edges {
				flows += e.Flows
			}
			for _, r := range a.Rows {
				want += r.Flows
			}
			if flows != want {
				t.Errorf("%d machines by %s: %d flows of %d", n, level, flows, want)
			}
			spots, width, height := m.place()
			at := map[spot]bool{}
			for _, s := range spots {
				if at[s] || s.X < nodeWidth/2 || s.X > float64(width)-nodeWidth/2 || s.Y < nodeHeight/2 || s.Y > float64(height)-nodeHeight/2 {
					t.Errorf("%d machines by %s: a node at %v of %d×%d", n, level, s, width, height)
				}
				at[s] = true
			}
		}
		drawn(t, doc, fmt.Sprintf("map-%d.html", n))
	}
}

// drawn writes a map twice, to DRAWN if that is set, and checks that it is the same.
func drawn(t *testing.T, doc *summary.Document, name string) {
	t.Helper()
	var a, b strings.Builder
	if err := MapHTML(&a, doc, "many"); err != nil {
		t.Fatal(err)
	}
	if err := MapHTML(&b, doc, "many"); err != nil || a.String() != b.String() {
		t.Errorf("the same map is drawn in two ways, %v", err)
	}
	if dir := os.Getenv("FLOWCTL_DRAWN"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(a.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMapOfEvilNames checks that names are text on the page.
func TestMapOfEvilNames(t *testing.T) {
	doc := mapOf(3)
	doc.Asks[0].Rows[0].Key[0] = `<script>alert(1)</script>"` + "\x1b[2J"
	var b strings.Builder
	if err := MapHTML(&b, doc, `"><script>`); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, "<script") || strings.Contains(s, "\x1b") {
		t.Error("a name is more than text")
	}
}
