package collectors

import (
	"runtime"
	"runtime/debug"
)

// How much of the memory in use may be garbage: a fifth, in percent, and 32 MiB
// in any case. What is kept holds hardly a pointer, so that to collect often
// costs nothing; but of very many small files little is kept, and what is not
// would be collected all the time.
const (
	garbage      = 20
	leastGarbage = 32 << 20
)

// boundGarbage bounds garbage until the function that it returns is called.
// For the collector, memory that is never touched is in use as any other; for
// the system it is not there. So a fifth of it comes to what may be garbage.
func boundGarbage() (restore func()) {
	untouched := make([]byte, leastGarbage*100/garbage)
	before := debug.SetGCPercent(garbage)
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(untouched)
	}
}
