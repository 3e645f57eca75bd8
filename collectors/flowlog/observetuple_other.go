//go:build !amd64

package flowlog

import "flowctl/collectors/flow"

const hasAVX2 = false

func observeTupleAVX2(*tupleText, *flow.Observation, *[8]uint64) (int, traits) { return 0, 0 }
