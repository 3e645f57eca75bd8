// Package traffic computes what the machines of a simulated world send: flow
// log records and captured packets. Every packet of every connection is a
// closed form of the world, its seed and the time, so nothing runs, nothing is
// remembered, any hour can be asked for in any order and in any process, and
// flow logs and captures agree because both count the same packets.
package traffic

import (
	"flowctl/providers/sandbox/world"
)

// Model answers questions about the traffic of one world. It does not change
// and may be used by several goroutines.
type Model struct {
	w *world.World
}

// New prepares the traffic of w.
func New(w *world.World) *Model { return &Model{w: w} }
