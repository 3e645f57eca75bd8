package flowlog

import (
	"bytes"
	"encoding/json"

	"flowctl/collectors/flow"
)

// A record that is damaged may have swallowed the beginning of the next ones,
// so the search for them starts within it. slack bounds how many bytes that
// makes the reader go over again, beyond once for each byte of the file.
const slack = 8 << 20

// resync goes from a record that is left out, whose rec.length bytes were
// looked at, to what looks like the next one, or to the end.
func (d *document) resync() {
	d.again += int64(d.rec.length)
	if d.again <= slack+d.at(d.i) {
		d.i++
	} else {
		d.i += max(1, d.rec.length)
	}
	for d.some() {
		k := bytes.IndexByte(d.rest(), '{')
		if k < 0 {
			d.i = d.n
			continue
		}
		d.i += k
		if d.begins() {
			return
		}
		d.i++
	}
}

// begins reports whether the brace at the front of the window looks like that
// of a record or of a document: the next is a key that those have. Within a
// JSON string the quote would be escaped.
func (d *document) begins() bool {
	const far = 256
	for d.n-d.i < far && d.fill() {
	}
	return beginsAt(d.b, d.i, min(d.n, d.i+far))
}

// beginsAt does so for the brace at b[i], by the bytes before b[n].
func beginsAt(b []byte, i, n int) bool {
	c := cursor{b: b, i: i + 1, n: n}
	key, ok := c.text()
	if !ok || !c.next(':') {
		return false
	}
	switch string(key) {
	case "time", "category", "operationName", "macAddress", "systemId", "resourceId", "properties",
		"flowLogVersion", "flowLogGUID", "flowLogResourceID", "targetResourceID", "flowRecords", "records":
		return true
	}
	return false
}

// member passes a member of the object around the records: what comes beside
// "records", or "records" again.
func (d *document) member() {
	if n := len(d.open); n == 0 || d.open[n-1] != '{' {
		d.rubbish()
		return
	}
	for {
		found, length := skipMember(d.rest())
		d.rec.length = length
		switch {
		case found == wrapper:
			if d.b[d.i+length-1] == '[' {
				d.enter("[")
			}
			d.i += length
		case found == done:
			d.i += length
		case found == more && d.fill():
			continue
		case found == more:
			d.unfinished()
		default:
			d.rubbish()
		}
		return
	}
}

// skipMember returns the length of the member that b begins with.
func skipMember(b []byte) (outcome, int) {
	dec := json.NewDecoder(bytes.NewReader(b))
	var key string
	if err := dec.Decode(&key); err != nil {
		_, found, length := ended(dec, err)
		return found, length
	}
	from := int(dec.InputOffset())
	if n, ok := opensRecords(b[from:]); ok && holdsRecords(key) {
		return wrapper, from + n
	}
	colon := bytes.IndexByte(b[from:], ':')
	if colon < 0 || len(bytes.TrimSpace(b[from:from+colon])) > 0 {
		return broken, from
	}
	from += colon + 1
	dec = json.NewDecoder(bytes.NewReader(b[from:]))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		_, found, length := ended(dec, err)
		return found, from + length
	}
	return done, from + int(dec.InputOffset())
}

// left counts something that was left out.
func (d *document) left(why reason, at int64, st flow.Status) {
	d.report.skips.add(why, 1, at)
	d.in.Source.Note(st)
	d.lost = true
}
