package flowlog

import (
	"golang.org/x/sys/cpu"

	"flowctl/collectors/flow"
)

// hasAVX2 says whether the processor has what observeTupleAVX2 needs.
var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2

// observeTupleAVX2 does most of what observeTupleScalar does for tuples of the usual form, of which
// there are hardly others: a flow of up to 63 bytes, NX or X, counters of up to
// eight digits. It fills hash, counters and, in milliseconds, the time of s, and
// returns the place of the closing quote, or 0 for all others.
//
//go:noescape
func observeTupleAVX2(t *tupleText, s *flow.Observation, keys *[8]uint64) (end int, is traits)
