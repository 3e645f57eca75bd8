package workspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"sync"
)

// What is wrong with JSON text. Each ends the value, not always the file.
var (
	errLong   = errors.New("row is longer than 4 MiB")
	errSyntax = errors.New("row is not JSON")
)

// discard goes over n bytes that were peeked at.
func (d *document) discard(n int) {
	k, _ := d.r.Discard(n)
	d.off += int64(k)
}

// peek returns the next byte that is no white space.
func (d *document) peek() (byte, error) {
	for {
		b, err := d.r.Peek(1)
		if err != nil {
			return 0, err
		}
		switch b[0] {
		case ' ', '\t', '\r', '\n':
			d.discard(1)
		default:
			return b[0], nil
		}
	}
}

// expect goes over c, and reports whether it came next.
func (d *document) expect(c byte) bool {
	b, err := d.peek()
	if err != nil || b != c {
		return false
	}
	d.discard(1)
	return true
}

// value reads one JSON value of at most MaxRow bytes, as it stands. It ends where
// its brackets do, so that a value that is not JSON can be left out.
func (d *document) value() ([]byte, error) {
	if _, err := d.peek(); err != nil {
		return nil, eof(err)
	}
	var out []byte
	depth, quoted, escaped := 0, false, false
	for {
		c, err := d.r.ReadByte()
		if err != nil {
			return out, eof(err)
		}
		d.off++
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted && c < ' ':
			return out, errSyntax // a string holds no line end: its own end is lost
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']' || c == ',':
			if depth == 0 { // the end of what holds a number or a word
				d.r.UnreadByte()
				d.off--
				return out, nil
			}
			if c != ',' {
				depth--
			}
		}
		if len(out) == MaxRow {
			return out, errLong
		}
		out = append(out, c)
		if depth == 0 && !quoted && (c == '}' || c == ']' || c == '"') {
			return out, nil
		}
	}
}

// eof is an end inside a value.
func eof(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// array calls each for the elements of an array, until there are no more or it
// returns an error.
func (d *document) array(each func() error) error {
	if !d.expect('[') {
		return errSyntax
	}
	for {
		c, err := d.peek()
		switch {
		case err != nil:
			return eof(err)
		case c == ']':
			d.discard(1)
			return nil
		case c == ',':
			d.discard(1)
			continue
		}
		if err := each(); err != nil || d.rows.stopped {
			return err
		}
	}
}

// element reads a value that begins with open. One that is damaged is skipped, and
// reading goes on where the next one may begin.
func (d *document) element(open byte) (b []byte, at int64, err error) {
	if _, err := d.peek(); err != nil {
		return nil, d.off, eof(err)
	}
	at = d.off
	b, err = d.value()
	switch {
	case err == errSyntax || err == errLong:
		d.skip(err.Error(), at)
		d.total++
		return nil, at, d.resync()
	case err != nil:
		return nil, at, err
	case len(b) == 0 || b[0] != open:
		if len(b) == 0 {
			d.discard(1)
		}
		d.skip(errSyntax.Error(), at)
		d.total++
		return nil, at, nil
	}
	return b, at, nil
}

// resync goes to the end of a line, after which a row may begin.
func (d *document) resync() error {
	for {
		b, err := d.r.ReadSlice('\n')
		d.off += int64(len(b))
		if err == nil {
			if next, _ := d.r.Peek(16); begins(next) {
				return nil
			}
			continue
		}
		if !errors.Is(err, errFull) {
			return eof(err)
		}
	}
}

// begins reports whether a line begins a row.
func begins(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	return len(line) > 0 && (line[0] == '{' || line[0] == '[')
}

// object reads an element that is a row with names.
func (d *document) object() error {
	b, at, err := d.element('{')
	if err != nil || b == nil {
		return err
	}
	d.rows.named(b, at)
	return nil
}

// envelope is how an answer begins, that holds rows in one of its members.
var envelope = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\{\s*"(tables|error|responses|records|statistics|render|dataSources|value|id|nextLink|metadata)"\s*:\s*[\[{"]`)
})

// objects reads what begins with an object: an answer, or rows one by one.
func (d *document) objects() error {
	head, _ := d.r.Peek(4 << 10)
	if envelope().Match(head) {
		d.form = "answer of the query API"
		return d.answer(0)
	}
	d.form = "data export"
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if whole && !bytes.HasSuffix(bytes.TrimRight(line, "\r ,"), []byte("}")) { // a row on several lines
		return d.each()
	}
	return d.lines()
}

// each reads objects that follow each other.
func (d *document) each() error {
	for !d.rows.stopped {
		c, err := d.peek()
		switch {
		case err != nil:
			return end(err)
		case c == ',':
			d.discard(1)
			continue
		}
		if err := d.object(); err != nil {
			return err
		}
	}
	return nil
}

// end is the end of a file between two rows, which is none of an error.
func end(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// lines reads rows that are a line each.
func (d *document) lines() error {
	for !d.rows.stopped {
		at := d.off
		line, err := d.line()
		text := bytes.Trim(line, " \t\r\n,")
		switch {
		case err == errLong:
			d.total++
			d.skip(errLong.Error(), at)
			continue
		case len(text) == 0 && err != nil:
			return end(err)
		case len(text) == 0:
			continue
		case err == io.EOF && !json.Valid(text):
			return io.ErrUnexpectedEOF
		case text[0] != '{':
			d.total++
			d.skip(errSyntax.Error(), at)
		default:
			d.rows.named(text, at)
		}
		if err != nil {
			return end(err)
		}
	}
	return nil
}

// line reads a line. Of one that is too long it goes to the end.
func (d *document) line() (line []byte, err error) {
	for {
		b, err := d.r.ReadSlice('\n')
		d.off += int64(len(b))
		if len(line)+len(b) <= MaxRow {
			line = append(line, b...)
		} else {
			for err == errFull {
				b, err = d.r.ReadSlice('\n')
				d.off += int64(len(b))
			}
			return nil, errLong
		}
		if err != errFull {
			return line, err
		}
	}
}
