package flowlog

import "io"

const (
	firstWindow = 16 << 10  // bytes; hour files of quiet machines are a few KiB
	usualWindow = 256 << 10 // stays within the second-level cache
	largeRecord = 4 << 20
	// padding follows the bytes of a window, so that a tuple can be loaded in
	// words without asking at each where the bytes end.
	padding = len(tupleText{})
)

// window is the part of a stream that is looked at: bytes b[i:n], of which
// b[0] is at offset base of the stream. b is longer than n by padding.
type window struct {
	r     io.Reader
	b     []byte
	i, n  int
	base  int64
	limit int // most bytes a window may have
	eof   bool
	err   error // why the stream ended, other than by io.EOF
}

func newWindow(r io.Reader, limit int) window {
	return window{r: r, b: make([]byte, min(firstWindow, limit)+padding), limit: limit}
}

// at is the place in the stream of b[i].
func (w *window) at(i int) int64 { return w.base + int64(i) }

// rest is what is left of the window.
func (w *window) rest() []byte { return w.b[w.i:w.n] }

// fill reads on. It moves what is left to the front first and makes room if
// there is little. It reports false when nothing came: the stream has ended,
// or the window is as large as it may be.
func (w *window) fill() bool {
	if w.eof || w.n-w.i >= w.limit {
		return false
	}
	w.base += int64(w.i)
	w.n = copy(w.b, w.b[w.i:w.n])
	w.i = 0
	w.grow()
	had := w.n
	w.read()
	clear(w.b[w.n : w.n+padding])
	return w.n > had
}

// grow makes the window larger while the stream turns out to be long, and
// when what has to be moved within it for the next record is more than a
// quarter of it, or of large records the half: they fill the memory.
func (w *window) grow() {
	size := len(w.b) - padding
	if w.base+int64(w.n) > 0 && size < usualWindow {
		size *= 4
	}
	switch {
	case w.n > largeRecord && w.n > size/2:
		size = 2 * w.n
	case w.n <= largeRecord && w.n > size/4:
		size = 4 * w.n
	}
	if size = min(size, w.limit); size <= len(w.b)-padding {
		return
	}
	b := buffer(size + padding)
	copy(b, w.b[:w.n])
	w.release()
	w.b = b
}

// release gives the bytes of the window back.
func (w *window) release() {
	giveBack(w.b)
	w.b = nil
}

// read reads until the window is full or the stream ends.
func (w *window) read() {
	end := len(w.b) - padding
	for empty := 0; w.n < end; {
		k, err := w.r.Read(w.b[w.n:end])
		w.n += max(k, 0)
		if k == 0 && err == nil {
			if empty++; empty == 100 {
				err = io.ErrNoProgress
			}
		}
		if err != nil {
			w.eof = true
			if err != io.EOF {
				w.err = err
			}
			return
		}
	}
}
