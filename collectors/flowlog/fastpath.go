package flowlog

import "flowctl/collectors/flow"

// outcome is how an attempt to read a record ended.
type outcome uint8

const (
	done    outcome = iota // read
	wrapper                // it holds an array "records", whose entries begin at record.length
	more                   // the window ends inside
	unknown                // not in the shape that the fast path knows; nothing is said about it
	broken                 // not JSON, from record.length on
)

// fastPath reads records of the shape that Azure writes, in any order of keys,
// with any white space and with unknown keys, in one pass and without
// building anything but flow records. Whatever else it meets, an escape in a
// text or a key that comes twice, it leaves to the reference decoder.
type fastPath struct {
	cursor
	out      *[]flow.Record
	keys     *[]uint64 // hashes of the flows of out
	observed *observed
	nm       *names
	seen     *addresses
	rec      *record

	single  bool   // every tuple is to be a record
	grouped bool   // the tuples at hand have a group of observations
	first   mark   // of the record's tuples
	has     uint   // keys of the record that were seen
	late    bool   // one of them came after tuples that needed it
	base    int64  // offset of the window
	layout  layout // of tuples

	vnetTarget, nsgTarget flow.ID
	vnetLog, nsgLog       flow.ID

	// What the next tuple gets from around it.
	target, log, point, acl, rule flow.ID
}

// The keys of an object that were seen, as bits.
const (
	hasMAC = 1 << iota
	hasVNetTarget
	hasNSGTarget
	hasVNetLog
	hasTime
	hasVersion
	hasFlows
	hasName // of an ACL, rule or interface
)

// firstTime notes that a key was seen, and reports whether it is the first time.
func firstTime(has *uint, key uint) bool {
	again := *has&key != 0
	*has |= key
	return !again
}

// record reads the record at the front of w.
func (q *fastPath) record(w *window, rec *record) outcome {
	rec.reset()
	*q = fastPath{
		cursor: cursor{b: w.b, i: w.i, n: w.n},
		out:    q.out, keys: q.keys, observed: q.observed, nm: q.nm, seen: q.seen, rec: rec, single: q.single, base: w.base,
	}
	q.first = q.mark()
	q.vnetLog, q.nsgLog = q.nm.input, q.nm.input
	found := q.envelope()
	rec.length = q.i - w.i
	if found == done {
		q.complete()
		return done
	}
	q.drop()
	if found == unknown && q.i >= q.n {
		return more
	}
	return found
}

// envelope reads the object of a record. It has no use for time, category and
// the like.
func (q *fastPath) envelope() outcome {
	q.i++ // the brace
	for first := true; ; first = false {
		key, end, ok := q.key(first)
		switch {
		case !ok:
			return unknown
		case end:
			return done
		case holdsRecords(string(key)) && q.peek() == '[':
			q.i++
			return wrapper
		case holdsRecords(string(key)) && q.peek() == '{': // PowerShell, of one record
			return wrapper
		case !q.member(key):
			return unknown
		}
	}
}

// member reads the value of one of a record's keys.
func (q *fastPath) member(key []byte) (ok bool) {
	late := q.mark() != q.first
	switch string(key) {
	case "time":
		if q.peek() != '"' {
			return q.skip(0)
		}
		text, ok := q.text()
		q.rec.minute = minuteOf(text)
		return ok && firstTime(&q.has, hasTime)
	case "macAddress":
		q.late = q.late || late
		q.rec.point, ok = q.mac()
		q.point = q.rec.point
		return ok && firstTime(&q.has, hasMAC)
	case "targetResourceID":
		q.late = q.late || late
		q.vnetTarget, ok = q.name()
		return ok && firstTime(&q.has, hasVNetTarget)
	case "resourceId":
		q.late = q.late || late
		q.nsgTarget, ok = q.name()
		q.nsgLog = q.nm.log(q.nsgTarget)
		return ok && firstTime(&q.has, hasNSGTarget)
	case "flowLogResourceID":
		q.late = q.late || late
		q.vnetLog, ok = q.name()
		q.vnetLog = q.nm.log(q.vnetLog)
		return ok && firstTime(&q.has, hasVNetLog)
	case "flowLogVersion":
		return firstTime(&q.has, hasVersion) && q.version()
	case "flowRecords":
		q.rec.kind, q.layout, q.target, q.log = flow.VNetFlowLog, vnet4, q.vnetTarget, q.vnetLog
		return firstTime(&q.has, hasFlows) && q.object((*fastPath).flowRecords)
	case "properties":
		q.target, q.log, q.acl = q.nsgTarget, q.nsgLog, q.nsgTarget
		return firstTime(&q.has, hasFlows) && q.nsgProperties()
	}
	return q.skip(0)
}

// complete puts into the tuples what came after them.
func (q *fastPath) complete() {
	q.rec.target, q.rec.log = q.vnetTarget, q.vnetLog
	if q.rec.kind == flow.NSGFlowLog {
		q.rec.target, q.rec.log = q.nsgTarget, q.nsgLog
	}
	if !q.late {
		return
	}
	q.each(q.first, func(a around) {
		*a.target, *a.log = q.rec.target, q.rec.log
		if q.rec.kind == flow.NSGFlowLog {
			*a.acl = q.rec.target
		}
		if *a.point == 0 {
			*a.point = q.rec.point
		}
	})
}

// version reads a version that is a small number.
func (q *fastPath) version() bool {
	text, ok := q.number()
	if !ok || len(text) > 3 {
		return false
	}
	q.rec.version = string(text)
	return true
}

// name reads a text and returns its number.
func (q *fastPath) name() (flow.ID, bool) {
	text, ok := q.text()
	if !ok {
		return 0, false
	}
	return q.nm.id(text), true
}

// mac reads a MAC address and returns its number, 0 if it is none.
func (q *fastPath) mac() (flow.ID, bool) {
	text, ok := q.text()
	if !ok {
		return 0, false
	}
	return q.nm.mac(text), true
}

// object reads an object. member reads the value of a key, and returns the
// key's bit; first is what was read before the object.
func (q *fastPath) object(member func(q *fastPath, key []byte, first mark) (uint, bool)) bool {
	if !q.next('{') {
		return false
	}
	var has uint
	at := q.mark()
	for first := true; ; first = false {
		key, end, ok := q.key(first)
		if !ok || end {
			return ok
		}
		bit, ok := member(q, key, at)
		if !ok || bit != 0 && !firstTime(&has, bit) {
			return false
		}
	}
}

// array reads an array of things that element reads.
func (q *fastPath) array(element func(*fastPath) bool) bool {
	if !q.next('[') {
		return false
	}
	for first := true; ; first = false {
		end, ok := q.element(first)
		if !ok || end {
			return ok
		}
		if !element(q) {
			return false
		}
	}
}
