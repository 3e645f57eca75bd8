package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// edge is what went between two ends, as the rows of an answer name them: machines,
// addresses, subnets, networks, regions or scopes.
type edge struct {
	from, to string
	bytes    summary.Figure
	flows    uint64
	refused  bool // all of it was denied
}

// manyEdges is how many a picture has.
const manyEdges = 12

// edges are the ends of an answer's rows with what went between them, the most first; none
// where rows do not name both ends.
func edges(doc *summary.Document, a *summary.Answer) []edge {
	type ends struct {
		from, to string
		refused  bool
	}
	var list []edge
	at := map[ends]int{}
	for i := range a.Rows {
		r := &a.Rows[i]
		w := newRowWords(doc, a, r)
		if w.from == "" && names(a.By, fromFields) && w.to != "" {
			w.from = "elsewhere"
		}
		if w.to == "" && names(a.By, toFields) && w.from != "" {
			w.to = "elsewhere" + w.over
		}
		if w.from == "" || w.to == "" {
			continue
		}
		refused := r.Denied.Known && r.Denied.N > 0 && r.Denied.N == r.Flows
		n, ok := at[ends{w.from, w.to, refused}]
		if !ok {
			n = len(list)
			at[ends{w.from, w.to, refused}] = n
			list = append(list, edge{from: w.from, to: w.to, refused: refused})
		}
		list[n].flows += r.Flows
		list[n].bytes = list[n].bytes.Plus(r.IPBytes)
	}
	slices.SortStableFunc(list, func(x, y edge) int { return cmp.Or(cmp.Compare(y.bytes.N, x.bytes.N), cmp.Compare(y.flows, x.flows)) })
	if len(list) <= manyEdges {
		return list
	}
	// What was refused has no bytes, and is what many ask for: half of the picture is its.
	refused := slices.DeleteFunc(slices.Clone(list), func(e edge) bool { return !e.refused })
	passed := slices.DeleteFunc(list, func(e edge) bool { return e.refused })
	n := max(manyEdges/2, manyEdges-len(passed))
	refused = refused[:min(n, len(refused))]
	return append(passed[:min(manyEdges-len(refused), len(passed))], refused...)
}

// names reports whether rows have one of some fields.
func names(by, fields []string) bool {
	return slices.ContainsFunc(by, func(f string) bool { return slices.Contains(fields, f) })
}

// amount is what went, in words.
func (e edge) amount() string {
	switch {
	case e.refused:
		return Many(e.flows, "flow") + " denied"
	case e.bytes.Known:
		return terminal.Bytes(e.bytes.N)
	}
	return Many(e.flows, "flow")
}

// mermaid is the picture of an answer in the language that GitHub and Azure DevOps draw; empty
// if there is none.
func mermaid(doc *summary.Document, a *summary.Answer) string {
	list := edges(doc, a)
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	nodes := map[string]string{}
	node := func(name string) string {
		if id := nodes[name]; id != "" {
			return id
		}
		id := fmt.Sprintf("n%d", len(nodes))
		nodes[name] = id
		return fmt.Sprintf("%s[\"%s\"]", id, label(name))
	}
	var red []string
	for i, e := range list {
		arrow := "-->"
		if e.refused {
			arrow = "-.->"
			red = append(red, fmt.Sprint(i))
		}
		fmt.Fprintf(&b, "  %s %s|\"%s\"| %s\n", node(e.from), arrow, label(e.amount()), node(e.to))
	}
	if len(red) > 0 {
		fmt.Fprintf(&b, "  linkStyle %s stroke:#b3261e,color:#b3261e\n", strings.Join(red, ","))
	}
	return b.String()
}

// label is text that means itself in a picture.
func label(s string) string {
	var b strings.Builder
	for _, r := range terminal.Escape(s) {
		switch r {
		case '"', '<', '>', '#', '&', '`', '|', '[', ']', '{', '}', '\\', ';':
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
