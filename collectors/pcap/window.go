package pcap

import "io"

// windowSize is what is held of a file: more than twice the longest record that
// is believed, and small enough for the processor's cache.
const windowSize = 640 << 10

// window is a part of the file that moves forward. The buffer is reused, so
// what rest returns is valid until the next fill or skip.
type window struct {
	r       io.Reader
	buf     []byte
	at, end int   // of what was read and not yet used
	base    int64 // offset in the file of buf[0]
	err     error // why nothing more comes
}

func newWindow(r io.Reader) *window {
	return &window{r: r, buf: make([]byte, windowSize)}
}

// offset is where in the file the window begins.
func (w *window) offset() int64 { return w.base + int64(w.at) }

// rest is what is there.
func (w *window) rest() []byte { return w.buf[w.at:w.end] }

// fill reads until n bytes are there, if the file and the window have as many.
func (w *window) fill(n int) bool {
	if w.end-w.at >= n {
		return true
	}
	w.base += int64(w.at)
	w.end = copy(w.buf, w.buf[w.at:w.end])
	w.at = 0
	for idle := 0; w.end < min(n, len(w.buf)) && w.err == nil; {
		k, err := w.r.Read(w.buf[w.end:])
		w.end += k
		w.err = err
		if k > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			w.err = io.ErrNoProgress
		}
	}
	return w.end-w.at >= n
}

// skip moves the window n bytes forward and reports whether the file has them.
func (w *window) skip(n int64) bool {
	for n > int64(w.end-w.at) {
		n -= int64(w.end - w.at)
		w.at = w.end
		if !w.fill(1) {
			return false
		}
	}
	w.at += int(n)
	return true
}

// take returns the next n bytes, valid until the next fill, and moves past
// them. Of more than the window holds it returns none.
func (w *window) take(n int) ([]byte, bool) {
	if w.end-w.at < n {
		if n > len(w.buf) {
			return nil, w.skip(int64(n))
		}
		if !w.fill(n) {
			return nil, false
		}
	}
	b := w.buf[w.at : w.at+n]
	w.at += n
	return b, true
}

// failure is what ended the file before its end: an error of the medium or of
// a decompressor, and nil at a plain end.
func (w *window) failure() error {
	if w.err == io.EOF {
		return nil
	}
	return w.err
}
