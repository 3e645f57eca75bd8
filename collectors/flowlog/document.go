package flowlog

import (
	"bytes"
	"io"
	"slices"

	"flowctl/collectors/flow"
)

// batchSize is the number of records in a batch, but for the last.
const batchSize = 1024

// document goes over a file: any number of JSON texts in a row, in which it
// looks for the objects that are records. They stand in arrays, in the array
// "records" of an object, or by themselves.
type document struct {
	in flow.Input
	window
	yield   func(flow.Batch) bool
	stopped bool // the caller wants no more

	referenceOnly bool
	fast          fastPath
	reference     reference
	names         names
	rec           record
	slow          uint64 // records left to the reference decoder
	usual         int    // bytes of the last record: the next will be about as long
	again         int64  // bytes that were looked at in vain
	observed      observed
	open          []byte // brackets and braces around the records to come
	out           []flow.Record
	keys          []uint64      // hashes of the flows of out
	pending       []recordRange // records read and not yet counted
	lost          bool          // what is behind the last of them could not be read

	report readReport
}

func newDocument(r io.Reader, in flow.Input, o options) *document {
	d := &document{
		in: in, window: newWindow(r, o.maxRecord), referenceOnly: o.reference, names: newNames(in),
	}
	d.observed.sums, d.observed.vector = in.Cache, hasAVX2 && !o.scalar
	d.fast = fastPath{out: &d.out, keys: &d.keys, observed: &d.observed, nm: &d.names, seen: new(addresses)}
	d.reference = reference{out: &d.out, keys: &d.keys, nm: &d.names}
	return d
}

// run reads the whole file.
func (d *document) run() error {
	defer d.release()
	for !d.stopped && d.some() {
		d.step()
	}
	if !d.stopped {
		d.flush(1)
		d.lost = d.lost || len(d.open) > 0
		d.tellLost()
		d.end()
	}
	return d.finish()
}

// some reports whether there is a byte at the front of the window.
func (d *document) some() bool { return d.i < d.n || d.fill() }

// step takes what stands between records, or a record.
func (d *document) step() {
	switch c := d.b[d.i]; c {
	case ' ', '\t', '\r', '\n', ',', 0x1e: // 0x1e separates JSON texts in RFC 7464
		d.lost = d.lost || c == ',' && d.nothingYet() && len(d.open) == 0
		d.i++
	case '{':
		d.object()
	case '[':
		d.enter("[")
		d.i++
	case ']', '}':
		d.leave(c)
		d.i++
	case '"':
		d.member()
	case bom[0]:
		d.byteOrderMark()
	default:
		d.rubbish()
	}
}

// mostOpen bounds what hostile input can make of the stack.
const mostOpen = 1 << 10

func (d *document) enter(brackets string) {
	if len(d.open) < mostOpen {
		d.open = append(d.open, brackets...)
	}
}

// leave closes a bracket. One that was never opened is the end of a document
// of which only the last blocks are read.
func (d *document) leave(c byte) {
	if n := len(d.open); n > 0 && d.open[n-1] == c-2 {
		d.open = d.open[:n-1]
	}
}

func (d *document) byteOrderMark() {
	for d.n-d.i < len(bom) && d.fill() {
	}
	if bytes.HasPrefix(d.rest(), bom) {
		d.i += len(bom)
		return
	}
	d.rubbish()
}

// object takes the object at the front of the window.
func (d *document) object() {
	// A record that does not end in the window would have to be begun again.
	if d.n-d.i < d.usual+d.usual/4 {
		d.fill()
	}
	for {
		full := d.full() // if not, only the fast path may have been asked
		switch d.attempt() {
		case done:
			d.lost = d.lost || d.goesOn()
			d.commit()
			d.i += d.rec.length
			d.usual = d.rec.length
			d.give()
			d.flush(batchSize)
			return
		case wrapper:
			d.report.wrapped = true
			d.i += d.rec.length
			if d.enter("{"); d.b[d.i-1] == '[' {
				d.enter("[")
			}
			return
		case broken:
			d.damaged(bad("record is damaged"))
			return
		case more:
			if d.fill() || !full {
				continue
			}
			d.unfinished()
			return
		}
	}
}

// goesOn reports whether the object at the front of the window is the first of the
// file and, by the bracket or comma behind it, not the first of its array: the file
// begins behind the begin of another.
func (d *document) goesOn() bool {
	if d.at(d.i) > int64(len(bom)) || len(d.open) > 0 || !d.nothingYet() {
		return false
	}
	next := bytes.TrimLeft(d.rest()[d.rec.length:], " \t\r\n")
	return len(next) > 0 && (next[0] == ',' || next[0] == ']')
}

// attempt reads the record at the front of the window. Only the reference decoder is believed
// that something is not JSON, and that the end of the file cuts it.
func (d *document) attempt() outcome {
	d.names.again()
	if !d.referenceOnly {
		found := d.fast.record(&d.window, &d.rec)
		if found == done && !d.resolve(d.fast.first.observations) {
			d.fast.drop()
			d.names.again()
			d.fast.single = true
			found = d.fast.record(&d.window, &d.rec)
			d.fast.single = false
		}
		if found == done || found == wrapper || found == more && !d.full() {
			return found
		}
	}
	d.slow++
	d.names.again()
	d.fast.first = d.fast.mark()
	return d.reference.record(&d.window, &d.rec)
}

// full reports whether the window cannot get more bytes.
func (d *document) full() bool { return d.eof || d.n-d.i >= d.limit }

const cutOff = "record is cut off by the end of the file"

// unfinished leaves out a record that does not end: it is cut, larger than
// allowed, or lost an end so that it seems to hold all that follows.
func (d *document) unfinished() {
	d.rec.length = d.n - d.i
	if !d.eof {
		d.damaged(bad("record is larger than a flow log record can be"))
		return
	}
	at := d.at(d.i)
	d.resync()
	if d.i < d.n {
		d.left(bad("record is damaged"), at, flow.Corrupt)
		return
	}
	d.left(bad(cutOff), at, flow.Truncated)
}

// damaged leaves out the record at the front of the window and goes to the
// next that can be made out.
func (d *document) damaged(why reason) {
	d.left(why, d.at(d.i), flow.Corrupt)
	d.resync()
}

const beginsInside = "file begins inside a record"

// rubbish leaves out what is neither a record nor between records.
func (d *document) rubbish() {
	d.rec.length = 1
	if d.nothingYet() && inside(d.rest()) {
		d.left(bad(beginsInside), d.at(d.i), flow.Truncated)
		d.resync()
		return
	}
	d.damaged(bad("bytes between records that are not JSON"))
}

// flush yields what was read once it is at least so many records.
func (d *document) flush(least int) {
	if len(d.out) < least {
		return
	}
	for b := range slices.Chunk(d.out, batchSize) {
		if d.stopped = !d.yield(flow.Batch(b)); d.stopped {
			return
		}
	}
	d.out, d.keys = d.out[:0], d.keys[:0]
}
