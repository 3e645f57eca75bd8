package flowlog

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"unsafe"

	"flowctl/collectors/flow"
)

// layout is what the fields of a tuple are.
type layout uint8

const (
	vnet4 layout = iota // time, addresses, ports, protocol, direction, state, encryption, counters
	nsg1                // time, addresses, ports, protocol, direction, decision
	nsg2                // as version 1, then state and counters
)

// class is that of the records of l.
func (l layout) class() flow.Class {
	if l == vnet4 {
		return flow.VNetLog
	}
	return flow.NSGLog
}

// fields is the number of fields in a tuple.
func (l layout) fields() int {
	if l == nsg1 {
		return 8
	}
	return 13
}

// parseTuple fills r from the text of a tuple, all but what the record around
// it says. It is the reference for fastTuple; both give the same.
func parseTuple(text []byte, l layout, r *flow.Record) reason {
	var f [13][]byte
	if n := split(text, &f); n != l.fields() {
		return reason{"tuple has the wrong number of fields", fmt.Sprintf("tuple has %d fields, want %d", n, l.fields())}
	}
	*r = flow.Record{}
	if why := parseKey(&f, &r.Key); why != fine {
		return why
	}
	ns, ok := parseTime(f[0])
	if !ok {
		return bad("tuple has a bad time")
	}
	r.First, r.Last = ns, ns
	if r.Direction = direction(f[6]); r.Direction == flow.DirectionUnknown {
		return badValue("tuple has an unknown direction", f[6])
	}
	if why := parseState(&f, l, r); why != fine {
		return why
	}
	return parseCounters(f[9:], r)
}

// split puts the fields of text into f, and returns how many there are.
func split(text []byte, f *[13][]byte) int {
	for n := range f {
		i := bytes.IndexByte(text, ',')
		if i < 0 {
			f[n] = text
			return n + 1
		}
		f[n], text = text[:i], text[i+1:]
	}
	return len(f) + 1 + bytes.Count(text, []byte(","))
}

func parseKey(f *[13][]byte, k *flow.Key) reason {
	var ok [5]bool
	k.Src, ok[0] = parseAddr(f[1])
	k.Dst, ok[1] = parseAddr(f[2])
	k.SrcPort, ok[2] = parsePort(f[3])
	k.DstPort, ok[3] = parsePort(f[4])
	k.Proto, ok[4] = parseProto(f[5])
	switch {
	case !ok[0] || !ok[1]:
		return bad("tuple has a bad address")
	case !ok[2] || !ok[3]:
		return bad("tuple has a bad port")
	case !ok[4]:
		return badValue("tuple has an unknown protocol", f[5])
	}
	return fine
}

// parseAddr reads an address; one with a zone is none.
func parseAddr(b []byte) (flow.Addr, bool) {
	if len(b) == 0 || len(b) > longestAddress {
		return flow.Addr{}, false
	}
	// The text is only looked at while b does not change.
	a, err := netip.ParseAddr(unsafe.String(&b[0], len(b)))
	if err != nil || a.Zone() != "" {
		return flow.Addr{}, false
	}
	return flow.AddrOf(a.Unmap()), true // as text, one form is as good as the other
}

func parsePort(b []byte) (uint16, bool) {
	v, ok := parseUint(b)
	return uint16(v), ok && v <= 0xffff
}

func parseProto(b []byte) (uint8, bool) {
	switch string(b) {
	case "T":
		return 6, true
	case "U":
		return 17, true
	}
	v, ok := parseUint(b)
	return uint8(v), ok && v <= 0xff
}

// parseUint reads digits.
func parseUint(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	v, err := strconv.ParseUint(unsafe.String(&b[0], len(b)), 10, 64)
	return v, err == nil
}

// Times are seconds or milliseconds; which of them, their size says: in
// milliseconds this is the year 1973, in seconds the year 5138.
const lowestMilli = 100_000_000_000

// The last millisecond and the last second whose nanoseconds fit 63 bits.
const (
	highestMilli  = uint64(1<<63-1) / 1_000_000
	highestSecond = uint64(1<<63-1) / 1_000_000_000
)

// parseTime returns Unix nanoseconds.
func parseTime(b []byte) (int64, bool) {
	v, ok := parseUint(b)
	return nanoseconds(v), ok && timely(v)
}

// timely reports whether the nanoseconds of a time fit 63 bits.
func timely(v uint64) bool { return v <= highestMilli && (v >= lowestMilli || v <= highestSecond) }

func nanoseconds(v uint64) int64 {
	if v < lowestMilli {
		return int64(v * 1_000_000_000)
	}
	return int64(v * 1_000_000)
}

func direction(b []byte) flow.Direction {
	switch string(b) {
	case "I":
		return flow.Inbound
	case "O":
		return flow.Outbound
	}
	return flow.DirectionUnknown
}

func state(b []byte) flow.State {
	switch string(b) {
	case "B":
		return flow.Begin
	case "C":
		return flow.Continue
	case "E":
		return flow.End
	}
	return flow.StateUnknown
}

// parseState reads what became of the flow and whether it is encrypted.
func parseState(f *[13][]byte, l layout, r *flow.Record) reason {
	switch {
	case l == vnet4 && string(f[7]) == "D":
		r.State = flow.Deny
	case l == vnet4:
		r.State = state(f[7])
	default:
		return parseDecision(f, l, r)
	}
	if r.State == flow.StateUnknown {
		return badValue("tuple has an unknown state", f[7])
	}
	if len(f[8]) > 0 {
		r.Encryption = flow.ParseEncryption(f[8])
	}
	return fine
}

// parseDecision reads the decision and the state of an NSG tuple. A denied
// flow is said to begin, or nothing.
func parseDecision(f *[13][]byte, l layout, r *flow.Record) reason {
	decision := string(f[7])
	if decision != "A" && decision != "D" {
		return badValue("tuple has an unknown decision", f[7])
	}
	r.State = flow.Begin
	if l == nsg2 && (decision == "A" || len(f[8]) > 0) {
		r.State = state(f[8])
	}
	if r.State == flow.StateUnknown {
		return badValue("tuple has an unknown state", f[8])
	}
	if decision == "D" {
		r.State = flow.Deny
	}
	return fine
}

// mostCounted is the largest counter of a tuple that is believed, 9 PB or as many
// packets: no interface does as much in the life of a log, and a thousand of
// them can be added up.
const mostCounted = 1<<53 - 1

// parseCounters reads packets and bytes sent, packets and bytes received. An
// empty counter is none, and a side without any was not measured; version 1 has no
// counters at all.
func parseCounters(f [][]byte, r *flow.Record) reason {
	var v [4]uint64
	var present [4]bool
	for i, b := range f {
		if len(b) == 0 {
			continue
		}
		n, ok := parseUint(b)
		switch {
		case !ok && digits(b):
			return bad(tooMuch)
		case !ok:
			return bad("tuple has a bad counter")
		case n > mostCounted:
			return bad(tooMuch)
		}
		v[i], present[i] = n, true
	}
	sent, received := present[0] || present[1], present[2] || present[3]
	count(r, v, sent || received)
	switch {
	case r.Measured == 0 || sent && received:
	case sent:
		r.Measured |= flow.SentOnly
	default:
		r.Measured |= flow.ReceivedOnly
	}
	return fine
}

const tooMuch = "tuple has a counter beyond 2^53, which no interface reaches"

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// count puts counters into r. Tuples that begin or deny a flow carry none,
// which is written as nothing or as zeros.
func count(r *flow.Record, v [4]uint64, present bool) {
	counts := r.State == flow.Continue || r.State == flow.End
	if present && (counts || v[0]|v[1]|v[2]|v[3] != 0) {
		r.Measured = flow.Packets | flow.IPBytes
	}
	r.Sent = flow.Count{Packets: v[0], IPBytes: v[1]}
	r.Received = flow.Count{Packets: v[2], IPBytes: v[3]}
}
