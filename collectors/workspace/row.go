package workspace

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"flowctl/collectors/flow"
)

// row is a row of an export: the text of each column, empty if there is none or it
// is null.
type row struct {
	text  [columns]string
	slots [columns]slot // that the export has, so far
}

// set takes a value. Of a column that is there twice the one that is filled counts.
func (r *row) set(s slot, text string) {
	if s.column == other {
		return
	}
	if r.slots[s.column].column == other || text != "" {
		r.slots[s.column] = s
	}
	if text != "" {
		r.text[s.column] = text
	}
}

// get is the text of a column without the space around it. Exports of az write null
// as None, which no address, number or time is; a name may be.
func (r *row) get(c column) string { return strings.TrimSpace(r.text[c]) }

// value is that of a column that holds no names: null has none.
func (r *row) value(c column) string {
	switch v := r.get(c); v {
	case "None", "null", "<null>":
		return ""
	default:
		return v
	}
}

// oddValue is a value that cannot be read.
type oddValue struct{ what, text string }

func (e oddValue) Error() string { return e.what + " " + shown(e.text) + " cannot be read" }

// mostShown is how many characters of a text are shown.
const mostShown = 200

// shown is a text of the file as it can be shown anywhere.
func shown(s string) string {
	if r := []rune(s); len(r) > mostShown {
		s = string(r[:mostShown]) + "…"
	}
	return strings.Trim(strconv.Quote(s), `"`)
}

// number is the counter in a column, if there is one. Some exports write all numbers
// as real ones.
func (r *row) number(c column, what string) (n uint64, known bool, err error) {
	text := r.value(c)
	if text == "" {
		return 0, false, nil
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n, true, nil
	}
	if digits, grouped := ungrouped(text); grouped {
		text = digits
	}
	f, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || f < 0 || f != math.Trunc(f) || f >= 1<<63 {
		return 0, false, oddValue{what, text}
	}
	return uint64(f), true, nil
}

// ungrouped is a number whose digits a spreadsheet wrote in groups of three: with commas, or
// with points if there are two of them. One point alone is left: whether 2.000 is two or two
// thousand its file does not say, so that is no number, unless it is nothing.
func ungrouped(text string) (digits string, grouped bool) {
	for _, sep := range []string{",", "."} {
		groups := strings.Split(text, sep)
		if len(groups) < 2 || len(groups[0]) > 3 || groups[0] == "" || strings.Trim(strings.Join(groups, ""), "0123456789") != "" {
			continue
		}
		if slices.ContainsFunc(groups[1:], func(g string) bool { return len(g) != 3 }) {
			continue
		}
		digits = strings.Join(groups, "")
		if sep == "." && len(groups) == 2 && strings.Trim(digits, "0") != "" {
			return "", true
		}
		return digits, true
	}
	return "", false
}

// rows turns the rows of an export into records.
type rows struct {
	*document
	row     row
	batch   flow.Batch
	yield   func(flow.Batch) bool
	stopped bool
	dates   dates
	tables  []table            // in the order in which they are tried
	texts   map[string]flow.ID // numbers that were asked for
	slots   map[string]slot
	session map[uint64]struct{} // sessions that were met
}

// batchRecords is how many records are given on at a time.
const batchRecords = 256

func (r *rows) init(d *document, yield func(flow.Batch) bool) {
	*r = rows{document: d, yield: yield, tables: tables(), texts: map[string]flow.ID{}, slots: map[string]slot{}, session: map[uint64]struct{}{}}
}

// next begins a row.
func (r *rows) next() *row {
	r.row.text = [columns]string{}
	return &r.row
}

// named reads a row that names its columns.
func (r *rows) named(b []byte, at int64) {
	var members map[string]json.RawMessage
	if json.Unmarshal(b, &members) != nil {
		r.total++
		r.skip(errSyntax.Error(), at)
		return
	}
	row := r.next()
	for name, v := range members {
		s, ok := r.slots[name]
		if !ok {
			if s = slotOf(name); len(r.slots) < mostColumns {
				r.slots[strings.Clone(name)] = s
			}
		}
		row.set(s, text(v))
	}
	r.take(at)
}

// mostColumns is how many names of columns are remembered.
const mostColumns = 2000

// take reads the row that was filled.
func (r *rows) take(at int64) {
	r.total++
	t := r.tableOf(&r.row)
	switch {
	case t.read != nil:
		if err := r.version(t); err != nil {
			r.refused = err.Error()
			r.skip(err.Error(), at)
			return
		}
		if r.in.Source.Kind == "" || r.in.Source.Kind == flow.WorkspaceTable {
			r.in.Source.Kind = t.kind
		}
		r.note(t.name)
		if err := t.read(r, &r.row); err != nil {
			r.skip(err.Error(), at)
		}
	case t.name == "":
		r.refused = "it is an export of a query whose columns are those of no table that is read; export NTANetAnalytics or another table with all columns"
		r.skip("row is of no table that is known", at)
	default:
		if r.in.Source.Kind == "" {
			r.in.Source.Kind = flow.WorkspaceTable
		}
		if len(r.seen) < mostTables || r.seen[t.name] > 0 {
			r.seen[t.name]++
		}
	}
}

// mostTables is how many names of tables a source has.
const mostTables = 16

func (r *rows) note(table string) {
	if !slices.Contains(r.document.tables, table) {
		r.document.tables = append(r.document.tables, table)
	}
}

// version checks that of the row's schema.
func (r *rows) version(t table) error {
	v := strings.TrimSuffix(r.row.value(colVersion), ".0")
	if v == "" || t.versions == "" {
		return nil
	}
	if !strings.Contains(t.versions, v) || len(v) != 1 {
		return fmt.Errorf("schema version %s of %s is not known", shown(v), t.name)
	}
	r.versions[v] = true
	return nil
}

// add gives a record on.
func (r *rows) add(rec *flow.Record) {
	r.batch = append(r.batch, *rec)
	if len(r.batch) >= batchRecords {
		r.flush()
	}
}

func (r *rows) flush() {
	if len(r.batch) > 0 && !r.stopped {
		r.stopped = !r.yield(r.batch)
	}
	r.batch = r.batch[:0]
}

// end gives on what is left.
func (r *rows) end() {
	r.flush()
	if r.dates.guessed > 0 {
		r.in.Source.Remark("date-order", r.dates.text(), 1)
	}
}

// id is the number of a text.
func (r *rows) id(text string) flow.ID {
	if text == "" {
		return 0
	}
	id, ok := r.texts[text]
	if !ok {
		id = r.in.Names.Of(text)
		if len(r.texts) < mostTexts {
			r.texts[strings.Clone(text)] = id
		}
	}
	return id
}

// mostTexts is how many texts a reader remembers the numbers of.
const mostTexts = 1 << 16
