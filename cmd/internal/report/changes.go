package report

import (
	"fmt"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// Changes is the table of what differs since the run before.
func Changes(title string, s *summary.Since) Table {
	t := Table{Title: title}
	if s.Comparison == nil {
		t.Note = "Nothing is compared: " + s.Missing + "."
		return t
	}
	t.Note = counted(s)
	for _, lack := range s.A.Lacks {
		t.Note += "\nThe run before lacks: " + lack + "."
	}
	for _, lack := range s.B.Lacks {
		t.Note += "\nThis run lacks: " + lack + "."
	}
	t.Columns = ChangeColumns(s.By)
	for i := range s.Changes {
		t.Rows = append(t.Rows, ChangeCells(&s.Changes[i]))
	}
	for i := range t.Columns {
		t.Columns[i].Title = strings.NewReplacer(" A", " before", " B", " now").Replace(t.Columns[i].Title)
	}
	return t
}

// counted says how many rows changed, and in which way.
func counted(s *summary.Since) string {
	var parts []string
	for _, kind := range []string{summary.New, summary.Gone, summary.Grown, summary.Shrunk, summary.Flipped, summary.Unclear} {
		if n := s.Counts[kind]; n > 0 {
			parts = append(parts, Count(uint64(n))+" "+kind)
		}
	}
	since := fmt.Sprintf("Since the run %s: ", s.Run)
	if len(parts) == 0 {
		return since + "nothing differs, " + Many(uint64(s.Counts["same"]), "row") + " the same."
	}
	return since + strings.Join(parts, ", ") + ", " + Count(uint64(s.Counts["same"])) + " the same."
}

// ChangeColumns are the columns of a comparison of rows by some fields.
func ChangeColumns(by []string) []terminal.Column {
	columns := []terminal.Column{{Title: "change"}}
	for _, f := range by {
		columns = append(columns, terminal.Column{Title: f})
	}
	for i, title := range []string{"bytes A", "bytes B", "flows A", "flows B"} {
		columns = append(columns, terminal.Column{Title: title, Right: true, Drop: i / 2})
	}
	return columns
}

// ChangeCells are the cells of a row that differs. A side that has none of it has 0
// only where it was measured, so there stands that it has none.
func ChangeCells(r *summary.Change) []string {
	cells := append([]string{r.Change}, keys(r.Key)...)
	bytes, flows := make([]string, 2), make([]string, 2)
	for i, row := range []*summary.Row{r.A, r.B} {
		if bytes[i], flows[i] = "none", "none"; row != nil {
			bytes[i], flows[i] = Bytes(row.Volume), Count(row.Flows)
		}
	}
	return append(append(cells, bytes...), flows...)
}
