package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// RowTCP is what the headers of TCP showed of a row's flows. It is null where not all of
// them were captured, or headers were cut.
type RowTCP struct {
	Retransmitted Figure   `json:"retransmitted"` // segments, of both directions
	Resets        Figure   `json:"resets"`
	ZeroWindows   Figure   `json:"zero_windows"`
	Handshake     *float64 `json:"handshake_ms"` // mean, from a SYN to the ACK of what answers it; null if none was seen
}

// AsksTCP reports whether anything is asked for what the headers of TCP say.
func AsksTCP(o Options) bool {
	return slices.ContainsFunc(o.Questions, func(q *Question) bool { return q.TCP() }) || len(tcpExpected(o)) > 0
}

// tcpExpected are the questions of which expectations ask for it.
func tcpExpected(o Options) (asks []string) {
	for _, e := range o.Expects {
		for _, name := range e.Condition.Fields() {
			if ask, measure := (question.Field{Name: name}).Number(); slices.Contains(question.TCPMeasures(), measure) {
				asks = append(asks, ask)
			}
		}
	}
	return asks
}

// addTCP adds what the headers of TCP said of one flow, of the rows that saw it, to a sum.
//
// Such a sum is kept where lines keep those of traffic, as that of money is: in sent are the
// segments that came again, resets and closed windows; in received and records how often and
// how long handshakes took; flows are those that were measured, denied those that were not.
func (g *groups) addTCP(sum *group, rows []*enriched) {
	if !g.tcp || len(rows) == 0 || rows[0].row.Proto != protoTCP {
		return
	}
	best, whole := bestCapture(rows)
	for _, s := range best {
		c := g.counts[s.key]
		if c == nil || c.Partly {
			whole = false
		}
		if c != nil {
			sum.addTCPSum(c)
		}
	}
	if whole {
		sum.flows++
	} else {
		sum.denied += max(1, rows[0].flows)
	}
}

// addSoloTCP is addTCP of flows that one row tells all of, to the total and to their lines.
func (g *groups) addSoloTCP(s *enriched) {
	g.solo[0] = s
	g.addTCP(&g.total.tcp, g.solo[:])
	for _, s := range g.directions(s) {
		to := g.of(s)
		g.solo[0] = s
		g.addTCP(&to[len(to)-1], g.solo[:])
	}
}

// addStepsTCP adds it of the rows of one line, each in its step of time.
func (g *groups) addStepsTCP(line []*enriched) {
	if !g.tcp {
		return
	}
	rows := slices.Clone(line)
	for len(rows) > 0 {
		g.keyA = g.key(g.keyA[:0], rows[0])
		n := partitionFunc(rows, g.sameLine)
		to := g.of(rows[0])
		g.addTCP(&to[len(to)-1], rows[:n])
		rows = rows[n:]
	}
}

// bestCapture returns the rows of the capture that saw most of a flow, and whether it saw
// all that any point did.
func bestCapture(rows []*enriched) (best []*enriched, whole bool) {
	packets := func(at func(*enriched) bool) (n uint64) {
		for _, s := range rows {
			if at(s) {
				n += s.row.Sent.Packets + s.row.Received.Packets
			}
		}
		return n
	}
	var most, all uint64
	for _, s := range rows {
		here := func(o *enriched) bool { return o.point.place == s.point.place && o.point.Class == s.point.Class }
		n := packets(here)
		all = max(all, n)
		if s.point.Class == aggregate.Capture && (best == nil || n > most) {
			most, best = n, slices.DeleteFunc(slices.Clone(rows), func(o *enriched) bool { return !here(o) })
		}
	}
	return best, best != nil && most >= all
}

func (v *group) addTCPSum(c *aggregate.TCPSum) {
	v.sent.Packets += c.Retransmitted
	v.sent.IPBytes += c.RST
	v.sent.FrameBytes += c.ZeroWindow
	v.received.Packets += c.Answered.Count
	v.received.IPBytes += c.Answered.Sum
	v.received.FrameBytes += c.Confirmed.Count
	v.records += c.Confirmed.Sum
}

// tcpKnown reports whether all flows of TCP were measured, and there are some.
func (v *group) tcpKnown() bool { return v.flows > 0 && v.denied == 0 }

// handshake is how long handshakes took in milliseconds, in the mean.
func (v *group) handshake() (float64, bool) {
	if !v.tcpKnown() || v.received.Packets == 0 || v.received.FrameBytes == 0 {
		return 0, false
	}
	return (float64(v.received.IPBytes)/float64(v.received.Packets) + float64(v.records)/float64(v.received.FrameBytes)) / 1000, true
}

// tcp is the sum as documents show it.
func (v *group) tcp() *RowTCP {
	t := &RowTCP{Retransmitted: known(v.sent.Packets, v.tcpKnown()), Resets: known(v.sent.IPBytes, v.tcpKnown()), ZeroWindows: known(v.sent.FrameBytes, v.tcpKnown())}
	if ms, ok := v.handshake(); ok {
		t.Handshake = &ms
	}
	return t
}

// bounds are those of a measure.
func (t *RowTCP) bounds(measure string, whole bool) bounds {
	if t == nil {
		return atLeast(Figure{}, whole)
	}
	switch measure {
	case "retransmitted":
		return atLeast(t.Retransmitted, whole)
	case "resets":
		return atLeast(t.Resets, whole)
	case "zero_windows":
		return atLeast(t.ZeroWindows, whole)
	}
	if t.Handshake == nil || !whole {
		return atLeast(Figure{}, false)
	}
	return bounds{*t.Handshake, *t.Handshake}
}
