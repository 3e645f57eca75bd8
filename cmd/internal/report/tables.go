package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// Table is one table of a report. Its cells are as they were found; whoever
// draws it escapes them.
type Table struct {
	Title   string
	Note    string // lines
	Columns []terminal.Column
	Rows    [][]string
	Others  bool // the last row sums up what has no row of its own

	Asked bool            // it is of a question or an expectation
	Ask   *summary.Answer // of a question: all that it says
}

// First returns at most so many rows, and what sums up the others, and says how many
// it leaves out; 0 stands for all.
func (t Table) First(most int) (rows [][]string, left int) {
	rows, own := t.Rows, len(t.Rows)
	if t.Others {
		own--
	}
	if most <= 0 || own <= most {
		return rows, 0
	}
	return slices.Concat(rows[:most], rows[own:]), own - most
}

// Tables returns the tables of a document that have rows, what was asked for
// first.
func Tables(doc *summary.Document) []Table {
	var list []Table
	if len(doc.Expectations) > 0 {
		list = append(list, expectations(doc))
	}
	for i := range doc.Asks {
		t := Ask(doc, &doc.Asks[i])
		if i == 0 && len(t.Rows) > 0 {
			t.Note = strings.TrimPrefix(strings.TrimPrefix(t.Note, sentence(doc, &doc.Asks[0])), "\n") // heads the document
		}
		t.Ask = &doc.Asks[i]
		list = append(list, t)
		if s := doc.Asks[i].Since; s != nil {
			list = append(list, Changes(doc.Asks[i].Name+", and the run before", s))
		}
	}
	asked := len(list)
	for i := range list {
		list[i].Asked = true
	}
	list = append(list, conversations(doc), talkers(&doc.Talkers, "Talkers", "sent", "received"),
		talkers(&doc.Egress, "Internet", "sent there", "received"), services(&doc.Services), rules(&doc.Rules),
		states(&doc.Encryption, "Encryption", encryptionMeaning), states(&doc.Scopes, "Where to", scopeMeaning), tcp(doc))
	kept := list[:0]
	for i, t := range list {
		if len(t.Rows) > 0 || i < asked {
			kept = append(kept, t)
		}
	}
	return kept
}

// Ask returns the table of one answer.
func Ask(doc *summary.Document, a *summary.Answer) Table {
	if len(a.Rows) > 0 && a.Rows[0].Flow != nil {
		return Flows(a)
	}
	t := Table{Title: a.Name}
	for _, by := range a.By {
		t.Columns = append(t.Columns, terminal.Column{Title: by})
	}
	sent, received := "sent", "received"
	if a.Total.Left != nil {
		sent, received = "left", "arrived"
	}
	if a.Total.Cost != nil {
		t.Columns = append(t.Columns, terminal.Column{Title: costTitle(doc), Right: true})
	}
	first := len(t.Columns)
	t.Columns = append(t.Columns, amounts(sent, received)...)
	if a.Total.TCP != nil {
		t.Columns = append(t.Columns, tcpColumns()...)
	}
	if a.Total.Left != nil { // what left is what they are about
		t.Columns[first].Drop, t.Columns[first+2].Drop = 0, 3
	}
	for i := range a.Rows {
		r := &a.Rows[i]
		t.Rows = append(t.Rows, append(append([]string{}, named(doc, a.By, keys(r.Key))...), amountCells(r)...))
	}
	t.Note = notes(doc, a)
	if len(a.By) == 0 {
		t.Columns = append([]terminal.Column{{Title: ""}}, t.Columns...)
		for i := range t.Rows {
			t.Rows[i] = append([]string{"all"}, t.Rows[i]...)
		}
	}
	return t.others(a)
}

// Notes are the lines of its note.
func (t Table) Notes() []string {
	if t.Note == "" {
		return nil
	}
	return strings.Split(t.Note, "\n")
}

// notes are what stands above the rows of an answer: it in a sentence, what may
// be missing, and what rows have in common.
func notes(doc *summary.Document, a *summary.Answer) string {
	parts := []string{sentence(doc, a)}
	if more := outcome(a); more != parts[0] {
		parts = append(parts, more)
	}
	parts = append(parts, selected(a))
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n")
}

// named adds to addresses the names that captures showed for them.
func named(doc *summary.Document, by, cells []string) []string {
	for i, f := range by {
		if strings.HasSuffix(f, ".address") || f == "peer" {
			cells[i] = end(hostName(doc, cells[i]), cells[i])
		}
	}
	return cells
}

// keys shows key values; an empty one is not known.
func keys(key []string) []string {
	out := make([]string, len(key))
	for i, k := range key {
		if out[i] = k; k == "" {
			out[i] = unknown
		}
	}
	return out
}

// others adds the line that sums up what is not shown.
func (t Table) others(a *summary.Answer) Table {
	if a.Others == nil || len(t.Columns) == 0 {
		return t
	}
	cells := amountCells(a.Others)
	row := make([]string, len(t.Columns))
	row[0] = fmt.Sprintf("%s others", Count(a.Groups-uint64(len(a.Rows))))
	copy(row[len(row)-len(cells):], cells)
	t.Rows, t.Others = append(t.Rows, row), true
	return t
}

// amounts are the columns of every answer, after its keys.
func amounts(sent, received string) []terminal.Column {
	return []terminal.Column{
		{Title: sent, Right: true, Drop: 3}, {Title: received, Right: true, Drop: 4}, {Title: "bytes", Right: true}, {Title: "share", Right: true, Drop: 2},
		{Title: "flows", Right: true, Drop: 1}, {Title: "denied", Right: true, Drop: 5},
	}
}

func amountCells(r *summary.Row) []string {
	sent, received := r.Sent, r.Received
	if r.Left != nil {
		sent, received = *r.Left, *r.Arrived
	}
	cells := []string{Bytes(sent), Bytes(received), Bytes(r.Volume), Share(r.Share), Count(r.Flows), figure(r.Denied, Count)}
	if r.Cost != nil {
		cells = append([]string{Cost(r.Cost)}, cells...)
	}
	if r.TCP != nil {
		cells = append(cells, tcpCells(r.TCP)...)
	}
	return cells
}

func conversations(doc *summary.Document) Table {
	t := Table{Title: "Conversations", Columns: []terminal.Column{
		{Title: "a"}, {Title: "b"}, {Title: "a → b", Right: true}, {Title: "b → a", Right: true}, {Title: "share", Right: true, Drop: 1},
		{Title: "packets", Right: true, Drop: 3}, {Title: "flows", Right: true, Drop: 2}, {Title: "denied", Right: true, Drop: 4},
	}}
	for _, p := range doc.Top {
		t.Rows = append(t.Rows, []string{
			end(p.AVM, p.A), end(p.BVM, p.B), figure(p.IPBytesAB, terminal.Bytes), figure(p.IPBytesBA, terminal.Bytes), Share(p.Share),
			figure(p.PacketsAB.Plus(p.PacketsBA), Count), Count(p.Flows), figure(p.Denied, Count),
		})
	}
	if n := doc.Total.Conversations; n > uint64(len(doc.Top)) {
		t.Note = fmt.Sprintf("The %d biggest of %s.", len(doc.Top), Count(n))
	}
	return t
}

func talkers(a *summary.Answer, title, sent, received string) Table {
	t := Table{Title: title, Columns: append([]terminal.Column{{Title: "machine"}}, amounts(sent, received)...)}
	t.Columns[1].Drop, t.Columns[2].Drop, t.Columns[3].Drop = 0, 2, 4
	for i := range a.Rows {
		r := &a.Rows[i]
		t.Rows = append(t.Rows, append([]string{end(r.Key[0], r.Key[1])}, amountCells(r)...))
	}
	return t.others(a)
}

func services(a *summary.Answer) Table {
	t := Table{Title: "Services", Columns: append([]terminal.Column{{Title: "service"}}, amounts("requests", "replies")...)}
	for i := range a.Rows {
		r := &a.Rows[i]
		port, _ := strconv.ParseUint(r.Key[1], 10, 16)
		t.Rows = append(t.Rows, append([]string{Port(r.Key[0], uint16(port), r.Key[2])}, amountCells(r)...))
	}
	return t.others(a)
}

func rules(a *summary.Answer) Table {
	t := Table{Title: "Rules", Note: "Each rule has all it decided; a conversation that rules at both ends let through is with both.",
		Columns: []terminal.Column{
			{Title: "verdict"}, {Title: "rule"}, {Title: "acl", Drop: 3}, {Title: "direction", Drop: 4},
			{Title: "flows", Right: true}, {Title: "bytes", Right: true, Drop: 1}, {Title: "share", Right: true, Drop: 5},
		}}
	for i := range a.Rows {
		r := &a.Rows[i]
		t.Rows = append(t.Rows, append(keys(r.Key), Count(r.Flows), Bytes(r.Volume), Share(r.Share)))
	}
	return t
}

// states are answers by one field whose values need a word of explanation.
func states(a *summary.Answer, title string, meaning map[string]string) Table {
	t := Table{Title: title, Columns: []terminal.Column{
		{Title: a.Name}, {Title: "meaning", Drop: 3}, {Title: "bytes", Right: true}, {Title: "share", Right: true}, {Title: "flows", Right: true, Drop: 1},
		{Title: "denied", Right: true, Drop: 2},
	}}
	t.Columns[0].Title = map[string]string{"encryption": "state", "scopes": "scope"}[a.Name]
	for i := range a.Rows {
		r := &a.Rows[i]
		t.Rows = append(t.Rows, []string{r.Key[0], meaning[r.Key[0]], Bytes(r.Volume), Share(r.Share), Count(r.Flows), figure(r.Denied, Count)})
	}
	return t
}

// The encryption states as Microsoft Learn, "VNet flow logs overview", has them.
var encryptionMeaning = map[string]string{
	"X": "encrypted", "NX": "not encrypted", "NX_HW_NOT_SUPPORTED": "no hardware for it", "NX_SW_NOT_READY": "host not ready, dropped",
	"NX_NOT_ACCEPTED": "policy forbids plain text, dropped", "NX_NOT_SUPPORTED": "host cannot, dropped", "NX_LOCAL_DST": "same host, plain by design",
	"NX_FALLBACK": "fell back to plain text",
}

var scopeMeaning = map[string]string{
	"internet": "public addresses", "vnet": "the same VNet", "peered": "a peered VNet", "private": "private, not in a known VNet",
	"platform": "Azure's own: DNS, probes, agent, metadata",
}
