// Package etltest writes event traces for tests, as Windows does: packed or
// not, in any order of buffers, with what a trace may lack.
package etltest

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

var le = binary.LittleEndian

// Trace is a trace to write. Times are in units of 100 ns after its start.
type Trace struct {
	Packed      bool
	Build       uint32
	Mode        uint32
	EventsLost  uint32
	BuffersLost uint32
	Buffers     []Buffer
}

// Buffer is a row of events.
type Buffer struct {
	Sequence uint64
	CPU      uint8
	Events   []Event
}

// Event is an event of a provider, which is given as its first four bytes and
// the rest of its GUID by name.
type Event struct {
	Provider [16]byte
	Classic  bool
	ID       uint16 // the opcode of a classic event
	Keyword  uint64
	Thread   uint32
	At       int64
	Items    []byte // extended items
	Data     []byte
}

// Frequency is the frequency of the clock of traces: odd, as real ones are.
const Frequency = 2_630_627

// Start is when traces begin: 2026-03-17 00:00:00 UTC, as a FILETIME and in
// Unix nanoseconds.
const (
	StartUnix = int64(1773705600_000000000)
	start     = StartUnix/100 + 116444736000000000
	zero      = 987654321 // stamp of the first event
)

// Bytes writes t.
func (t Trace) Bytes() []byte {
	var out []byte
	for i, b := range append([]Buffer{{}}, t.Buffers...) {
		var body []byte
		if i == 0 {
			body = t.logfile()
		}
		for _, e := range b.Events {
			body = append(body, e.bytes()...)
			body = append(body, make([]byte, -len(body)&7)...)
		}
		out = append(out, t.buffer(i, b, body)...)
	}
	return out
}

// buffer writes a buffer around its events.
func (t Trace) buffer(i int, b Buffer, body []byte) []byte {
	h := make([]byte, 0x48)
	stored, flags := body, uint16(0x20)
	if t.Packed {
		stored, flags = Pack(body), flags|0x40
	} else {
		stored = append(bytes.Clone(body), bytes.Repeat([]byte{0xff}, 1024-(len(body)+0x48)%1024)...)
	}
	le.PutUint32(h, uint32(0x48+len(stored)))
	le.PutUint32(h[0x30:], uint32(0x48+len(body)))
	le.PutUint64(h[0x18:], b.Sequence)
	h[0x28] = b.CPU
	le.PutUint16(h[0x34:], flags)
	if i == 0 {
		le.PutUint16(h[0x36:], 4)
	}
	return append(h, stored...)
}

// logfile writes TRACE_LOGFILE_HEADER as a 64-bit system event.
func (t Trace) logfile() []byte {
	const size = 0x20 + 0x118
	e := make([]byte, size)
	e[2], e[3] = 2, 0xc0
	le.PutUint16(e[4:], size)
	le.PutUint64(e[0x10:], zero)
	h := e[0x20:]
	le.PutUint32(h[8:], t.Build)
	le.PutUint32(h[0x20:], t.Mode)
	le.PutUint32(h[0x30:], t.EventsLost)
	le.PutUint64(h[0x100:], Frequency)
	le.PutUint64(h[0x108:], uint64(start))
	le.PutUint32(h[0x110:], 1)
	le.PutUint32(h[0x114:], t.BuffersLost)
	return e
}

// Nanoseconds is the Unix time of an event at a time.
func Nanoseconds(at int64) int64 {
	ticks := at * Frequency / 10_000_000
	return StartUnix + ticks*10_000_000/Frequency*100
}

func (e Event) bytes() []byte {
	size := 0x50
	if e.Classic {
		size = 0x30
	}
	h := make([]byte, size)
	le.PutUint16(h, uint16(size+len(e.Items)+len(e.Data)))
	h[2], h[3] = 0x13, 0xc0
	le.PutUint32(h[8:], e.Thread)
	le.PutUint64(h[0x10:], uint64(zero+e.At*Frequency/10_000_000))
	copy(h[0x18:], e.Provider[:])
	if e.Classic {
		h[2], h[4] = 0x14, byte(e.ID)
	} else {
		le.PutUint16(h[0x28:], e.ID)
		le.PutUint64(h[0x30:], e.Keyword)
	}
	if len(e.Items) > 0 {
		le.PutUint16(h[4:], 1)
	}
	return append(append(h, e.Items...), e.Data...)
}

// Pack packs b as [MS-XCA] 2.4 describes: with a match wherever one of three
// bytes and more is found by a table of the last places.
func Pack(b []byte) []byte {
	p := packer{flagAt: -1, half: -1}
	seen := map[[3]byte]int{}
	for i := 0; i < len(b); {
		length, from := 0, 0
		if i+3 <= len(b) {
			k := [3]byte(b[i:])
			if j, ok := seen[k]; ok && i-j <= 8192 {
				for i+length < len(b) && b[j+length] == b[i+length] && length < 70000 {
					length++
				}
				from = j
			}
			seen[k] = i
		}
		if length >= 3 {
			p.match(i-from, length)
			i += length
			continue
		}
		p.flag(false)
		p.out = append(p.out, b[i])
		i++
	}
	return p.end()
}

type packer struct {
	out    []byte
	flags  uint32
	n      int
	flagAt int
	half   int
}

// flag notes what the next item is, and makes room for a word of flags first.
func (p *packer) flag(match bool) {
	if p.n == 0 {
		p.close()
		p.flagAt = len(p.out)
		p.out = append(p.out, 0, 0, 0, 0)
		p.flags, p.n = 0, 32
	}
	p.n--
	if match {
		p.flags |= 1 << p.n
	}
}

func (p *packer) close() {
	if p.flagAt >= 0 {
		le.PutUint32(p.out[p.flagAt:], p.flags)
	}
}

func (p *packer) end() []byte {
	if p.n > 0 {
		p.flags |= 1<<p.n - 1
	}
	p.close()
	return p.out
}

func (p *packer) match(distance, length int) {
	p.flag(true)
	length -= 3
	p.out = le.AppendUint16(p.out, uint16((distance-1)<<3|min(length, 7)))
	if length < 7 {
		return
	}
	h := min(length-7, 15)
	if p.half >= 0 {
		p.out[p.half] |= byte(h << 4)
		p.half = -1
	} else {
		p.half = len(p.out)
		p.out = append(p.out, byte(h))
	}
	if h < 15 {
		return
	}
	switch rest := length - 22; {
	case rest < 255:
		p.out = append(p.out, byte(rest))
	case length < 1<<16:
		p.out = le.AppendUint16(append(p.out, 255), uint16(length))
	default:
		p.out = le.AppendUint32(append(p.out, 255, 0, 0), uint32(length))
	}
}

// Text is s in UTF-16 with its end.
func Text(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return append(b, 0, 0)
}
