package parquet

import "flowctl/collectors/flow"

// beside is a column of what few records have: frames, nanoseconds and what
// TCP headers showed.
func (w *columnWriter) beside(col int, g *gathered) chunkValues {
	v := chunkValues{rows: len(g.traits)}
	if _, there := g.anyRest.value(col); !there {
		v.levels = w.run(v.rows, false)
		return v
	}
	w.there, w.ints, w.numbers = grow(w.there, v.rows), w.ints[:0], w.numbers[:0]
	n, wide := 0, columns[col].wide()
	for i := range g.rests {
		x, there := g.rests[i].value(col)
		w.there[i] = uint8(bit(there))
		switch {
		case !there:
			continue
		case wide:
			w.ints = append(w.ints, x)
		default:
			w.numbers = append(w.numbers, uint16(x))
		}
		n++
	}
	switch {
	case wide:
		v.ints = w.ints
	case columns[col].sort == yesNo:
		v.indices = w.flags()
	default:
		v = w.smallColumn(w.numbers)
		v.rows = len(g.rests)
	}
	v.levels = w.some(n)
	return v
}

// flags are the numbers as values of yesNo.
func (w *columnWriter) flags() []int32 {
	w.indices = w.indices[:0]
	for _, x := range w.numbers {
		w.indices = append(w.indices, int32(x))
	}
	return w.indices
}

// join makes r one that has a value where either has one.
func (r *rest) join(other *rest) {
	r.framed = r.framed || other.framed
	r.nanos[0] |= other.nanos[0]
	r.nanos[1] |= other.nanos[1]
	r.tcp.Seen |= other.tcp.Seen
}

// value is the value of a column, and whether there is one.
func (r *rest) value(col int) (int64, bool) {
	t := &r.tcp
	switch {
	case col == colSentFrameBytes:
		return r.frames[0], r.framed
	case col == colReceivedFrameBytes:
		return r.frames[1], r.framed
	case col == colFirstNanos:
		return int64(r.nanos[0]), r.nanos[0] != 0
	case col == colLastNanos:
		return int64(r.nanos[1]), r.nanos[1] != 0
	case col == colTCPAnswered:
		return int64(t.Answered), t.Seen&flow.TCPAnswered != 0
	case col == colTCPConfirmed:
		return int64(t.Confirmed), t.Seen&flow.TCPConfirmed != 0
	case col == colTCPPartly:
		return int64(bit(t.Seen&flow.TCPPartly != 0)), t.Seen != 0
	case col >= colReceivedTCP:
		return tcpValue(&t.Received, col-colReceivedTCP), t.Seen&flow.TCPReceived != 0
	}
	return tcpValue(&t.Sent, col-colSentTCP), t.Seen&flow.TCPSent != 0
}

// tcpValue is a figure of a direction.
func tcpValue(c *flow.TCPCount, figure int) int64 {
	switch figure {
	case tcpRetransmitted:
		return int64(c.Retransmitted)
	case tcpRetransmittedBytes:
		return int64(c.RetransmittedBytes)
	case tcpDupACKs:
		return int64(c.DupACKs)
	case tcpSYN:
		return int64(c.SYN)
	case tcpSYNACK:
		return int64(c.SYNACK)
	case tcpFIN:
		return int64(c.FIN)
	case tcpRST:
		return int64(c.RST)
	case tcpZeroWindow:
		return int64(c.ZeroWindow)
	}
	return int64(c.KeepAlive)
}
