package workspace

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ahead is how many rows of a CSV file are looked at for the order of dates before
// the first is read.
const ahead = 1000

// csv reads a CSV file of the portal or of Export-Csv.
func (d *document) csv() error {
	d.form = "CSV"
	head, _ := d.r.Peek(32 << 10)
	if bytes.HasPrefix(head, []byte("#TYPE")) {
		if _, err := d.line(); err != nil {
			return eof(err)
		}
		head, _ = d.r.Peek(32 << 10)
	}
	c := &csvFile{document: d, from: d.off, bounded: &bounded{r: d.r}}
	c.Reader = csv.NewReader(c.bounded)
	c.Comma, c.FieldsPerRecord, c.ReuseRecord = comma(headLine(string(head))), -1, false
	names, err := c.Read()
	if err != nil {
		return c.wrong(err)
	}
	for _, n := range names {
		s := slotOf(n)
		if s.odd != "" && isTime(s.column) {
			return fmt.Errorf("%w: its times are in the zone %s, which is not known here; export with times in UTC", ErrNoRows, shown(s.odd))
		}
		c.slots = append(c.slots, s)
		d.rows.row.set(s, "")
	}
	if c.all(); c.err != nil {
		return c.wrong(c.err)
	}
	if c.bounded.last != '\n' && d.total > 0 && !d.cut {
		d.in.Source.Remark("last-line-open", "", 1)
	}
	return nil
}

// isTime reports whether a column holds times that are read.
func isTime(c column) bool {
	switch c {
	case colIntervalStart, colIntervalEnd, colFlowStart, colFlowEnd, colGenerated, colSessionStart, colSessionEnd:
		return true
	}
	return false
}

// comma is what stands between the names of a heading.
func comma(head string) rune {
	for _, c := range ";\t" {
		if strings.Count(head, string(c)) > strings.Count(head, ",") {
			return c
		}
	}
	return ','
}

// csvFile is a CSV file that is being read.
type csvFile struct {
	*document
	*csv.Reader
	bounded *bounded
	from    int64 // offset of the heading
	slots   []slot
	err     error
}

// line is a row as it stands.
type line struct {
	values []string
	at     int64
}

// all reads the rows: the first ones are looked at for the order of dates.
func (c *csvFile) all() {
	var first []line
	for len(first) < ahead {
		l, ok := c.next()
		if !ok {
			break
		}
		for i, v := range l.values {
			if i < len(c.slots) && isTime(c.slots[i].column) {
				c.rows.dates.learn(v)
			}
		}
		first = append(first, l)
	}
	for i, l := range first {
		c.take(l, c.err == nil && len(first) < ahead && i == len(first)-1)
	}
	for c.err == nil && !c.rows.stopped && len(first) == ahead {
		l, ok := c.next()
		if !ok {
			return
		}
		_, err := c.bounded.r.Peek(1)
		c.take(l, err == io.EOF && c.InputOffset() == c.bounded.n)
	}
}

// next reads a row. One that is not CSV is skipped.
func (c *csvFile) next() (line, bool) {
	for {
		at := c.from + c.InputOffset()
		c.bounded.row = 0
		values, err := c.Read()
		c.off = c.from + c.InputOffset()
		var bad *csv.ParseError
		switch {
		case err == io.EOF:
			return line{}, false
		case errors.As(err, &bad) && c.InputOffset() == c.bounded.n && c.bounded.done:
			c.cut = true
			return line{}, false
		case errors.As(err, &bad):
			c.total++
			c.skip("row is not CSV: "+bad.Err.Error(), at)
			continue
		case err != nil:
			c.err = err
			return line{}, false
		}
		return line{values, at}, true
	}
}

// take reads a row, whose values are as many as there are columns unless it is the
// last one of a file that was cut off.
func (c *csvFile) take(l line, last bool) {
	if len(l.values) != len(c.slots) {
		if last && len(l.values) < len(c.slots) && c.bounded.last != '\n' {
			c.cut = true
			return
		}
		c.total++
		c.skip("row has more or fewer values than there are columns", l.at)
		return
	}
	row := c.rows.next()
	for i, v := range l.values {
		row.set(c.slots[i], v)
	}
	if t := c.rows.tableOf(row); last && c.bounded.last != '\n' && t.read == nil && t.holds == "" && len(c.tables) > 0 { // its last value was cut
		c.cut = true
		return
	}
	c.rows.take(l.at)
}

// wrong is why a file cannot be read on.
func (c *csvFile) wrong(err error) error {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return fmt.Errorf("%w: its heading is not CSV: %w", ErrNoRows, bad.Err)
	}
	return err
}

// bounded gives on at most MaxRow bytes for a row, and what the reader reads ahead.
type bounded struct {
	r interface {
		io.Reader
		Peek(int) ([]byte, error)
	}
	n, row int64
	last   byte
	done   bool
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.row > MaxRow {
		return 0, errLong
	}
	n, err := b.r.Read(p)
	if n > 0 {
		b.last = p[n-1]
	}
	b.n += int64(n)
	b.row += int64(n)
	b.done = b.done || err != nil
	return n, err
}
