package flowtest

import "testing"

// Seeds is how many seeds a law is tried with: a few in place of n with -short, as where the
// race detector runs, which finds nothing more with others.
func Seeds(n uint64) uint64 {
	if testing.Short() {
		return max(2, n/10)
	}
	return n
}
