package packet

import "flowctl/collectors/flow"

// Frame is a packet as a file holds it, before it is taken apart.
type Frame struct {
	Interface *Interface     // one for each interface of the file
	Way       flow.Direction // as the file says
	Data      []byte         // what was captured; valid until the next frame
	Wire      uint32         // length on the wire, in bytes
	Time      int64          // Unix nanoseconds, or flow.NoTime
	Comments  []string
}

// Interface is where packets were captured.
type Interface struct {
	Link        Link
	Snap        uint32 // most bytes that are captured of a packet; 0 for no limit
	Name        string // as the file has it; empty if it says nothing
	Description string
}
