//go:build race

package operation

// sparse is how much less the gates try: the race detector takes its time, and
// every part of a gate has the same goroutines.
const sparse = 4
