package etl

import (
	"fmt"

	"flowctl/collectors/etl/trace"
)

// Events of ndiscap that hold a piece of a packet.
const (
	eventFragment = 1001
	eventSwitch   = 1003 // at a virtual switch
)

// Keywords of ndiscap: what a packet is, and which part of it an event holds.
const (
	keyWWAN  = 0x200
	keyWiFi  = 0x10000
	keyTrunc = 0x2000000
	keyStart = 0x40000000
	keyEnd   = 0x80000000
	keySend  = 0x100000000
	keyRecv  = 0x200000000
)

// piece is one event's part of a packet.
type piece struct {
	stream stream
	data   []byte
}

// stream is where the pieces of a packet follow one another: pieces of two
// packets may lie between each other from different processors.
type stream struct {
	cpu                     uint16
	thread                  uint32
	miniport, lower, source uint32
}

// parsePiece reads the data of an event.
func parsePiece(e *trace.Event) (piece, error) {
	b := e.Data
	s := stream{cpu: e.CPU, thread: e.Thread}
	if len(b) < 12 {
		return piece{}, fmt.Errorf("a packet event of %d bytes", len(b))
	}
	s.miniport, s.lower = le.Uint32(b), le.Uint32(b[4:])
	if e.ID == eventFragment {
		return sized(s, b[8:])
	}
	s.source = le.Uint32(b[8:])
	b = b[12:]
	for range 3 { // names of the port and of its adapter
		_, b = text(b)
	}
	if len(b) < 4 {
		return piece{}, fmt.Errorf("a packet event of a switch ends early")
	}
	targets := uint64(le.Uint32(b)) * 8
	if b = b[4:]; targets > uint64(len(b)) {
		return piece{}, fmt.Errorf("a packet event of a switch ends early")
	}
	return sized(s, b[targets:])
}

// sized reads a size and as many bytes.
func sized(s stream, b []byte) (piece, error) {
	if len(b) < 4 {
		return piece{}, fmt.Errorf("a packet event ends early")
	}
	n := le.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return piece{}, fmt.Errorf("a packet event of %d bytes says that its packet has %d", len(b), n)
	}
	return piece{s, b[4 : 4+n]}, nil
}

// joiner puts packets together.
type joiner struct {
	open map[stream][]byte
	lost uint64 // packets of which a piece is missing
}

const (
	mostPacket = 256 << 10
	mostJoined = 1 << 12 // packets whose pieces are waited for
)

// add takes a piece, and returns the packet that it completes. The data is
// valid until the next call.
func (j *joiner) add(p piece, keyword uint64) ([]byte, bool) {
	start, end := keyword&keyStart != 0, keyword&keyEnd != 0
	if start && end {
		return p.data, true
	}
	had, ok := j.open[p.stream]
	switch {
	case start && ok:
		j.lost++
		had = had[:0]
	case !start && !ok:
		j.lost++
		return nil, false
	}
	if len(had)+len(p.data) > mostPacket || !ok && len(j.open) >= mostJoined {
		delete(j.open, p.stream)
		j.lost++
		return nil, false
	}
	had = append(had, p.data...)
	if end {
		delete(j.open, p.stream)
		return had, true
	}
	if j.open == nil {
		j.open = map[stream][]byte{}
	}
	j.open[p.stream] = had
	return nil, false
}
