package view

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// Following shows single flows as they come: each when it is first met, and again when
// its state is another, such as ended.
type Following struct {
	W      io.Writer
	Form   string // text, csv or json, which is an object in each line
	First  int    // how many of the flows that are there at the begin are shown: the last
	states map[string]string
	widths []int // of the text's columns so far
	header string
}

// Show writes what is new in an answer.
func (f *Following) Show(a *summary.Answer) error {
	first := f.states == nil
	if first {
		f.states = map[string]string{}
	}
	fresh := *a
	fresh.Rows = nil
	for _, r := range a.Rows {
		if key := strings.Join(r.Key, " "); f.states[key] != r.Flow.State {
			f.states[key], fresh.Rows = r.Flow.State, append(fresh.Rows, r)
		}
	}
	slices.SortStableFunc(fresh.Rows, func(a, b summary.Row) int {
		return cmp.Or(cmp.Compare(a.Last, b.Last), cmp.Compare(a.First, b.First), slices.Compare(a.Key, b.Key))
	})
	if first {
		fresh.Rows = fresh.Rows[max(0, len(fresh.Rows)-f.First):]
	}
	if len(fresh.Rows) == 0 && (!first || f.Form != "csv") {
		return nil
	}
	switch f.Form {
	case "csv":
		return f.csv(&fresh, first)
	case "json":
		return f.json(&fresh)
	}
	return f.text(&fresh)
}

func (f *Following) csv(a *summary.Answer, first bool) error {
	var b bytes.Buffer
	if err := report.FlowsCSV(&b, a); err != nil {
		return err
	}
	text := b.Bytes()
	if !first {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	_, err := f.W.Write(text)
	return err
}

func (f *Following) json(a *summary.Answer) error {
	for _, r := range a.Rows {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
		out := terminal.JSON(f.W)
		if _, err = out.Write(append(line, '\n')); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	return nil
}

// text writes lines below those that were written before. The names of the columns come
// again where columns get wider.
func (f *Following) text(a *summary.Answer) error {
	t := report.FlowLines(a)
	f.widths = append(f.widths, make([]int, len(t.Columns)-len(f.widths))...)
	for i := range t.Columns {
		c := &t.Columns[i]
		f.widths[i] = max(f.widths[i], len(c.Title))
		for _, r := range t.Rows {
			r[i] = terminal.Escape(r[i])
			f.widths[i] = max(f.widths[i], ansi.StringWidth(r[i]))
		}
		c.Title += strings.Repeat(" ", f.widths[i]-len(c.Title))
		if c.Right {
			title := strings.TrimRight(c.Title, " ")
			c.Title = strings.Repeat(" ", f.widths[i]-len(title)) + title
		}
	}
	o := Screen(f.W)
	if o.Whole {
		o.Width = unbounded
	}
	lines := terminal.Table(t.Columns, t.Rows, o.Width)
	if lines[0] == f.header {
		lines = lines[1:]
	} else {
		f.header = lines[0]
	}
	_, err := fmt.Fprintln(f.W, strings.Join(lines, "\n"))
	return err
}
