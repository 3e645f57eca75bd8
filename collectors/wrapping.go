package collectors

import (
	"bytes"
	"compress/gzip"
	"io"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
)

// wrapping returns what unpacks a stream with these first bytes; nil if nothing
// is around its content.
func wrapping(head []byte) func(io.Reader) (io.ReadCloser, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}): // RFC 1952
		return func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878
		return func(r io.Reader) (io.ReadCloser, error) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		}
	}
	if order, ok := wideText(head); ok {
		return func(r io.Reader) (io.ReadCloser, error) {
			return io.NopCloser(unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(r)), nil
		}
	}
	return nil
}

// wideText reports whether head begins a text in UTF-16, which Windows PowerShell
// writes to files: with a byte order mark, or with two ASCII characters of which
// the first opens JSON.
func wideText(head []byte) (unicode.Endianness, bool) {
	const opens = "{[, \t\r\n"
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}) && !bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return unicode.BigEndian, true
	case len(head) < 4:
	case bytes.IndexByte([]byte(opens), head[0]) >= 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		return unicode.LittleEndian, true
	case bytes.IndexByte([]byte(opens), head[1]) >= 0 && head[0] == 0 && head[2] == 0 && head[3] != 0:
		return unicode.BigEndian, true
	}
	return unicode.BigEndian, false
}
