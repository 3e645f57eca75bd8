package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/summary"
)

// between is a document with one question by the machines at both ends, with rows as
// "from to bytes" or "from to denied".
func between(rows ...string) *summary.Document {
	a := summary.Answer{Name: "who", By: []string{"source.vm", "destination.vm", "port"}, Outcome: summary.Answered, Groups: uint64(len(rows))}
	for _, row := range rows {
		f := strings.Fields(row)
		r := summary.Row{Key: []string{strings.TrimPrefix(f[0], "-"), strings.TrimPrefix(f[1], "-"), "443"}, Flows: 2, Denied: summary.Known(0)}
		if f[2] == "denied" {
			r.Denied = summary.Known(2)
		} else if f[2] != "unknown" {
			fmt.Sscan(f[2], &r.IPBytes.N)
			r.IPBytes.Known = true
		}
		a.Rows = append(a.Rows, r)
	}
	return &summary.Document{Asks: []summary.Answer{a}}
}

func TestMermaid(t *testing.T) {
	for name, test := range map[string]struct {
		doc  *summary.Document
		want string
	}{
		"one":          {between("web db 1500"), "  n0[\"web\"] -->|\"1.5 kB\"| n1[\"db\"]\n"},
		"added up":     {between("web db 1500", "web db 500"), "  n0[\"web\"] -->|\"2.0 kB\"| n1[\"db\"]\n"},
		"not measured": {between("web db unknown"), "  n0[\"web\"] -->|\"2 flows\"| n1[\"db\"]\n"},
		"refused in red": {between("web db 1500", "bad db denied"),
			"  n0[\"web\"] -->|\"1.5 kB\"| n1[\"db\"]\n  n2[\"bad\"] -.->|\"2 flows denied\"| n1\n  linkStyle 1 stroke:#b3261e,color:#b3261e\n"},
		"both passed and refused": {between("web db 1500", "web db denied"),
			"  n0[\"web\"] -->|\"1.5 kB\"| n1[\"db\"]\n  n0 -.->|\"2 flows denied\"| n1\n  linkStyle 1 stroke:#b3261e,color:#b3261e\n"},
		"whom nobody knows": {between("web - 1500"), "  n0[\"web\"] -->|\"1.5 kB\"| n1[\"elsewhere over port 443\"]\n"},
		"hostile":           {between("a\"]-->x db 1500"), "  n0[\"a#34;#93;--#62;x\"] -->|\"1.5 kB\"| n1[\"db\"]\n"},
	} {
		if diff := cmp.Diff("flowchart LR\n"+test.want, mermaid(test.doc, &test.doc.Asks[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	one := between("web db 1500")
	one.Asks[0].By = []string{"rule", "acl", "port"}
	if got := mermaid(one, &one.Asks[0]); got != "" {
		t.Errorf("of rows without ends: %s", got)
	}
}

// TestEdgesOfMany wants of very many pairs the biggest, and of those that were refused some.
func TestEdgesOfMany(t *testing.T) {
	var rows []string
	for i := range 40 {
		rows = append(rows, fmt.Sprintf("web db%d %d", i, 1000+i), fmt.Sprintf("bad%d db denied", i))
	}
	doc := between(rows...)
	refused := 0
	list := edges(doc, &doc.Asks[0])
	for _, e := range list {
		refused += map[bool]int{true: 1}[e.refused]
	}
	if len(list) != manyEdges || refused != manyEdges/2 || list[0].to != "db39" {
		t.Errorf("%d edges, %d refused, %v first", len(list), refused, list[0])
	}
}

// huge is a document in which everything is as long as it can be.
func huge() *summary.Document {
	doc := small()
	name := strings.Repeat("very-long-name-", 5)
	for i := range 10 {
		a := summary.Answer{Name: fmt.Sprintf("ask-%d", i), By: []string{"source.vm", "destination.vm", "rule", "acl", "port"}, Outcome: summary.Answered, Groups: 10_000}
		for r := range 10_000 {
			a.Rows = append(a.Rows, summary.Row{Key: []string{fmt.Sprint(name, r), name, name, name, "443"}, Volume: volume(uint64(r), uint64(r)), Flows: 1})
		}
		doc.Asks = append(doc.Asks, a)
	}
	for i := range 5000 {
		doc.Sources = append(doc.Sources, summary.Source{Path: fmt.Sprint(name, i), SHA256: strings.Repeat("0", 64)})
		doc.Coverage = append(doc.Coverage, summary.Coverage{Text: fmt.Sprint(name, i)})
	}
	return doc
}

// TestReportsAreBounded wants a comment to take the Markdown, and a browser the page, with
// every question in both, whatever there is to say.
func TestReportsAreBounded(t *testing.T) {
	doc := huge()
	meta := Meta{Name: "x", Reason: "why"}
	for i := range 3000 {
		meta.Recorded = append(meta.Recorded, fmt.Sprint("flow log of a network ", i))
	}
	var text, page bytes.Buffer
	if err := Markdown(&text, doc, meta); err != nil {
		t.Fatal(err)
	}
	if err := HTML(&page, doc, meta); err != nil {
		t.Fatal(err)
	}
	if text.Len() > 65_536 || page.Len() > 5_000_000 {
		t.Errorf("%d bytes of Markdown, %d of HTML", text.Len(), page.Len())
	}
	for i := range doc.Asks {
		if name := doc.Asks[i].Name; !strings.Contains(text.String(), "\n## "+name) || !strings.Contains(page.String(), ">"+name+"<") {
			t.Errorf("%s is missing", name)
		}
	}
	for _, part := range []string{"<details>", "more rows in the summary"} {
		if !strings.Contains(text.String(), part) || strings.Count(text.String(), "<details>") != strings.Count(text.String(), "</details>") {
			t.Errorf("the Markdown lacks %s, or does not close it", part)
		}
	}
}
