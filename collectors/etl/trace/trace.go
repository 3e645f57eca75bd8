// Package trace reads the container of Windows event traces (.etl): buffers,
// the events in them, and the clock by which they are stamped. It knows no
// provider.
//
// A file has no header of its own. It is a row of buffers, each with a header
// of 72 bytes that says how long it is in the file and how much of it is used,
// packed or not. Buffers are in the order of processors, or of a ring, and not
// of time; within one no event is earlier than the one before it. So a file is
// looked through once for what its buffers hold (Open), and then read in the
// order of time, with as many buffers unpacked as overlap (Events).
//
// The layouts are those of Geoff Chappell's studies of WMI_BUFFER_HEADER and of
// the trace headers, of [MS-DTYP] 2.3.2 EVENT_HEADER, and of Microsoft's
// documentation of TRACE_LOGFILE_HEADER.
package trace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrFormat is wrapped by the error of Open for bytes that are no event trace.
var ErrFormat = errors.New("not a Windows event trace")

// Event is one event of a trace. Data is valid until the next one is asked for.
type Event struct {
	Provider GUID
	ID       uint16
	Version  uint8
	Opcode   uint8
	Keyword  uint64
	Time     int64 // Unix nanoseconds
	Thread   uint32
	Process  uint32 // that happened to run; a packet need not be its
	CPU      uint16 // of the buffer
	Data     []byte
	Offset   int64 // in the file, of its buffer
}

// GUID names a provider, in the byte order of the file.
type GUID [16]byte

// Damage is a part of a trace that could not be read.
type Damage struct {
	Offset int64
	Reason string
}

// Trace is an opened event trace.
type Trace struct {
	Build       uint32 // of Windows
	Start, End  int64  // Unix nanoseconds; End is 0 where the trace was not closed
	EventsLost  uint64 // as its writer counted them
	BuffersLost uint64
	Missing     uint64 // holes in the numbers of buffers
	Circular    bool   // the newest buffers overwrote the oldest
	Damaged     []Damage
	Size        int64 // bytes that were looked at

	r       io.ReaderAt
	clock   clock
	buffers []buffer
	most    uint32 // bytes that a buffer may unpack to
}

// Detect reports whether a file begins like an event trace; it wants the first
// 104 bytes.
func Detect(head []byte) bool {
	if len(head) < headerSize+32 {
		return false
	}
	size, used, kind := le.Uint32(head), le.Uint32(head[0x30:]), le.Uint16(head[0x36:])
	event := head[headerSize:]
	return size >= headerSize && used >= headerSize+32 && kind == typeHeader &&
		(le.Uint16(head[0x34:])&flagPacked != 0 ||
			(event[2] == 1 || event[2] == 2) && event[3] == 0xc0 && le.Uint16(event[6:]) == 0)
}

var le = binary.LittleEndian

// Open looks through the first size bytes of r, and calls each, if it is not
// nil, for every event in the order of the file. What is damaged is noted in
// Damaged; an error says that nothing can be read.
func Open(r io.ReaderAt, size int64, each func(*Event)) (*Trace, error) {
	t := &Trace{r: r, most: mostUnpacked}
	var room []byte
	for at := int64(0); at < size; {
		b, err := t.header(at, size)
		if err != nil {
			if at == 0 {
				return nil, fmt.Errorf("%w: %w", ErrFormat, err)
			}
			t.damage(at, err.Error())
			break
		}
		if room, err = t.look(&b, room, each); err != nil {
			if at == 0 {
				return nil, fmt.Errorf("%w: %w", ErrFormat, err)
			}
			t.damage(at, err.Error())
		}
		at += int64(b.size)
		t.Size = at
	}
	t.holes()
	return t, nil
}

func (t *Trace) damage(at int64, reason string) {
	if len(t.Damaged) < mostDamage {
		t.Damaged = append(t.Damaged, Damage{at, reason})
	}
}

const mostDamage = 1000

// look reads the buffer b once, for its span of time and for each. It returns
// room for the next one.
func (t *Trace) look(b *buffer, room []byte, each func(*Event)) ([]byte, error) {
	data, err := t.load(b, room)
	if err != nil {
		return room, err
	}
	if b.at == 0 {
		if err := t.logfile(data); err != nil {
			return data, err
		}
	}
	b.first, b.last = math.MaxInt64, math.MinInt64
	c := cursor{data: data, buffer: b, clock: &t.clock}
	for c.next() {
		b.first, b.last = min(b.first, c.event.Time), max(b.last, c.event.Time)
		if each != nil {
			each(&c.event)
		}
	}
	if c.damaged != "" {
		t.damage(b.at, c.damaged)
	}
	if b.first <= b.last {
		t.buffers = append(t.buffers, *b)
	}
	return data, nil
}

// holes counts the buffers that the numbers say are missing. A ring has lost
// its first ones by design, and a trace that was written anew numbers its
// buffers by processor, so that only a hole within the numbers is one.
func (t *Trace) holes() {
	if t.Circular || len(t.buffers) == 0 {
		return
	}
	seen := map[uint64]bool{}
	low, high := uint64(math.MaxUint64), uint64(0)
	for _, b := range t.buffers {
		seen[b.sequence] = true
		low, high = min(low, b.sequence), max(high, b.sequence)
	}
	if span := high - low + 1; span > uint64(len(seen)) && span < 1<<32 {
		t.Missing = span - uint64(len(seen))
	}
}
