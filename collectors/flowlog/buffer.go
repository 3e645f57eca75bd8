package flowlog

import "sync"

// buffers are those that were given back. Memory that was never used has to come
// from the system, page by page; of files that are read one after the other,
// that is much of the time which all else takes.
var buffers sync.Pool // of *[]byte

// buffer returns n bytes of any content.
func buffer(n int) []byte {
	if n >= usualWindow {
		if b, ok := buffers.Get().(*[]byte); ok && cap(*b) >= n {
			return (*b)[:n]
		}
	}
	return make([]byte, n)
}

// giveBack has b used for something else. Nothing may refer to it any more.
func giveBack(b []byte) {
	if cap(b) >= usualWindow {
		buffers.Put(&b)
	}
}
