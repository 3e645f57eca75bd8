//go:build !amd64

package flowlog

import "flowctl/collectors/flow"

const glances = false

func glance(*span, *flow.Observation, *[8]uint64) (int, traits) { return 0, 0 }
