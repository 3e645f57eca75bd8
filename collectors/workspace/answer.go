package workspace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strings"
)

var errFull = bufio.ErrBufferFull

// mostDepth bounds how deep answers hold others, as those of a batch do.
const mostDepth = 8

// answer reads an answer of the query API: its members in any order, of which the
// rows are read one by one.
func (d *document) answer(depth int) error {
	if !d.expect('{') || depth > mostDepth {
		return errSyntax
	}
	var columns []slot
	for {
		c, err := d.peek()
		switch {
		case err != nil:
			return eof(err)
		case c == '}':
			d.discard(1)
			return nil
		case c == ',':
			d.discard(1)
			continue
		case c != '"':
			return errSyntax
		}
		name, err := d.value()
		if err != nil {
			return err
		}
		if !d.expect(':') {
			return errSyntax
		}
		if err := d.member(string(bytes.Trim(name, `"`)), &columns, depth); err != nil || d.rows.stopped {
			return err
		}
	}
}

// member reads what a member of an answer holds.
func (d *document) member(name string, columns *[]slot, depth int) error {
	c, err := d.peek()
	if err != nil {
		return eof(err)
	}
	switch {
	case (name == "tables" || name == "responses") && c == '[':
		return d.array(func() error { return d.answer(depth + 1) })
	case name == "body" && c == '{':
		return d.answer(depth + 1)
	case (name == "records" || name == "value") && c == '[':
		d.form = "batch of records"
		return d.array(d.object)
	case name == "rows" && c == '[':
		return d.array(func() error { return d.listed(*columns) })
	}
	b, err := d.value()
	if err != nil {
		return err
	}
	switch name {
	case "columns":
		*columns = d.columns(b)
	case "error":
		d.failure = failure(b)
	}
	return nil
}

// listed reads a row that is a list of values.
func (d *document) listed(columns []slot) error {
	b, at, err := d.element('[')
	if err != nil || b == nil {
		return err
	}
	var values []json.RawMessage
	switch err := json.Unmarshal(b, &values); {
	case columns == nil:
		d.total++
		d.skip("row comes before the names of its columns", at)
	case err != nil:
		d.total++
		d.skip(errSyntax.Error(), at)
	case len(values) != len(columns):
		d.total++
		d.skip("row has more or fewer values than its table has columns", at)
	default:
		row := d.rows.next()
		for i, v := range values {
			row.set(columns[i], text(v))
		}
		d.rows.take(at)
	}
	return nil
}

// columns are those that an answer names.
func (d *document) columns(b []byte) []slot {
	var list []struct{ Name string }
	if json.Unmarshal(b, &list) != nil {
		return nil
	}
	slots := []slot{}
	for _, c := range list {
		slots = append(slots, slotOf(c.Name))
	}
	return slots
}

// failure is what an error of the query API says: its code and message, and those
// of the errors within it.
func failure(b []byte) string {
	type inner struct {
		Code, Message string
		Inner         json.RawMessage `json:"innererror"`
		Details       []json.RawMessage
	}
	var all []string
	queue := [][]byte{b}
	for len(queue) > 0 && len(all) < mostDepth {
		var e inner
		b, queue = queue[0], queue[1:]
		if json.Unmarshal(b, &e) != nil || e.Code == "" && e.Message == "" {
			continue
		}
		all = append(all, strings.Trim(shown(e.Code)+": "+shown(strings.TrimSuffix(e.Message, ".")), ": "))
		for _, d := range e.Details {
			queue = append(queue, d)
		}
		queue = append(queue, e.Inner)
	}
	if len(all) == 0 {
		return "without a code"
	}
	return strings.Join(all, "; ")
}

// text is a JSON value as a row holds it: null is empty.
func text(v json.RawMessage) string {
	switch {
	case len(v) == 0 || string(v) == "null":
		return ""
	case v[0] != '"':
		return string(v)
	case bytes.IndexByte(v, '\\') < 0:
		return string(v[1 : len(v)-1])
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}
