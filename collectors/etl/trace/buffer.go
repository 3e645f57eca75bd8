package trace

import (
	"errors"
	"fmt"
	"io"
)

const (
	headerSize   = 0x48
	mostUnpacked = 64 << 20 // a hostile file may ask for 4 GiB

	flagEventsLost = 0x02
	flagBufferLost = 0x04
	flagCPUIndex   = 0x20
	flagPacked     = 0x40

	typeHeader = 4
)

// buffer is where a buffer lies, and the span of its events.
type buffer struct {
	at       int64  // in the file
	size     uint32 // in the file, with the header
	used     uint32 // unpacked, with the header
	flags    uint16
	cpu      uint16
	sequence uint64

	first, last int64 // times of its events
}

// header reads the header of the buffer at offset at.
func (t *Trace) header(at, size int64) (buffer, error) {
	var h [headerSize]byte
	if size-at < headerSize {
		return buffer{}, fmt.Errorf("%d bytes after the last buffer", size-at)
	}
	if _, err := t.r.ReadAt(h[:], at); err != nil && !errors.Is(err, io.EOF) {
		return buffer{}, fmt.Errorf("read: %w", err)
	}
	b := buffer{
		at: at, size: le.Uint32(h[:]), used: le.Uint32(h[0x30:]), flags: le.Uint16(h[0x34:]),
		cpu: uint16(h[0x28]), sequence: le.Uint64(h[0x18:]),
	}
	if b.flags&flagCPUIndex != 0 {
		b.cpu = le.Uint16(h[0x28:])
	}
	switch {
	case b.size < headerSize:
		return buffer{}, fmt.Errorf("a buffer says that it is %d bytes long", b.size)
	case at+int64(b.size) > size:
		return buffer{}, fmt.Errorf("the last buffer is cut: %d of %d bytes", size-at, b.size)
	case b.used < headerSize, b.flags&flagPacked == 0 && b.used > b.size:
		return buffer{}, fmt.Errorf("a buffer of %d bytes says that %d are used", b.size, b.used)
	case b.used > t.most:
		return buffer{}, fmt.Errorf("a buffer says that it unpacks to %d bytes", b.used)
	}
	return b, nil
}

// load returns the used bytes of b after its header, in room if it is enough.
func (t *Trace) load(b *buffer, room []byte) ([]byte, error) {
	stored := b.used - headerSize
	if b.flags&flagPacked != 0 {
		stored = b.size - headerSize
	}
	raw := make([]byte, stored)
	if b.flags&flagPacked == 0 {
		raw = sized(room, int(stored))
	}
	if _, err := t.r.ReadAt(raw, b.at+headerSize); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read: %w", err)
	}
	if b.flags&flagPacked == 0 {
		return raw, nil
	}
	out := sized(room, int(b.used-headerSize))
	if err := unpack(out, raw); err != nil {
		return nil, err
	}
	return out, nil
}

// sized returns a slice of n bytes, which is room if it is large enough.
func sized(room []byte, n int) []byte {
	if cap(room) >= n {
		return room[:n]
	}
	return make([]byte, n)
}
