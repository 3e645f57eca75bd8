package parquet

import "flowctl/collectors/flow"

// rows turns the columns of a row group into records.
type rows struct {
	columns [columnCount]read
	total   int
}

// batchRows is how many records are handed on at once, so that they are still
// in the cache when they are summed up.
const batchRows = 256

// spread puts the values of all columns to their rows, as record wants them.
func (g *rows) spread(a *sharedSlices) {
	for i, c := range readColumns {
		a.spread(c, &g.columns[i])
	}
}

// record writes row i.
func (g *rows) record(r *flow.Record, i int) {
	*r = flow.Record{}
	g.key(r, i)
	g.times(r, i)
	g.facts(r, i)
	g.counters(r, i)
	if g.columns[colTCPPartly].values > 0 {
		g.tcp(&r.TCP, i)
	}
}

func (g *rows) key(r *flow.Record, i int) {
	src, dst := &g.columns[colSource], &g.columns[colDestination]
	r.Src, r.Dst = src.addresses[src.codes[i]], dst.addresses[dst.codes[i]]
	r.SrcPort = uint16(g.columns[colSourcePort].codes[i])
	r.DstPort = uint16(g.columns[colDestinationPort].codes[i])
	r.Proto = uint8(g.columns[colProtocol].codes[i])
	r.EtherType = uint16(g.columns[colEtherType].codes[i])
}

func (g *rows) times(r *flow.Record, i int) {
	r.First = g.time(colFirst, colFirstNanos, i)
	r.Last = g.time(colLast, colLastNanos, i)
}

func (g *rows) time(col, nanos, i int) int64 {
	c := &g.columns[col]
	if !c.there[i] {
		return flow.NoTime
	}
	return c.wide[i]*1000 + int64(g.columns[nanos].codes[i])
}

func (g *rows) facts(r *flow.Record, i int) {
	r.Direction = flow.Direction(g.columns[colDirection].codes[i])
	r.State = flow.State(g.columns[colState].codes[i])
	r.Encryption = flow.Encryption(g.columns[colEncryption].codes[i])
	r.Tunnel = flow.Tunnel(g.columns[colTunnel].codes[i])
	r.Guessed = g.columns[colGuessed].codes[i] == 1
	r.Point = flow.ID(g.columns[colPoint].codes[i])
	r.Target = flow.ID(g.columns[colTarget].codes[i])
	r.Rule = flow.ID(g.columns[colRule].codes[i])
	r.ACL = flow.ID(g.columns[colACL].codes[i])
	r.Log = flow.ID(g.columns[colLog].codes[i])
	r.Class = flow.Class(g.columns[colClass].codes[i])
}

func (g *rows) counters(r *flow.Record, i int) {
	var sent, received bool
	if s, c := &g.columns[colSentPackets], &g.columns[colReceivedPackets]; s.there[i] || c.there[i] {
		r.Measured |= flow.Packets
		r.Sent.Packets, r.Received.Packets = uint64(s.wide[i]), uint64(c.wide[i])
		sent, received = s.there[i], c.there[i]
	}
	if s, c := &g.columns[colSentIPBytes], &g.columns[colReceivedIPBytes]; s.there[i] || c.there[i] {
		r.Measured |= flow.IPBytes
		r.Sent.IPBytes, r.Received.IPBytes = uint64(s.wide[i]), uint64(c.wide[i])
		sent, received = sent || s.there[i], received || c.there[i]
	}
	switch {
	case sent && !received:
		r.Measured |= flow.SentOnly
	case received && !sent:
		r.Measured |= flow.ReceivedOnly
	}
	if c := &g.columns[colSentFrameBytes]; c.there[i] {
		r.Measured |= flow.FrameBytes
		r.Sent.FrameBytes = uint64(c.wide[i])
		r.Received.FrameBytes = uint64(g.columns[colReceivedFrameBytes].wide[i])
	}
}

func (g *rows) tcp(t *flow.TCP, i int) {
	if c := &g.columns[colTCPPartly]; !c.there[i] {
		return
	} else if c.codes[i] == 1 {
		t.Seen |= flow.TCPPartly
	}
	if c := &g.columns[colTCPAnswered]; c.there[i] {
		t.Seen |= flow.TCPAnswered
		t.Answered = uint32(c.wide[i])
	}
	if c := &g.columns[colTCPConfirmed]; c.there[i] {
		t.Seen |= flow.TCPConfirmed
		t.Confirmed = uint32(c.wide[i])
	}
	if g.columns[colSentTCP].there[i] {
		t.Seen |= flow.TCPSent
		t.Sent = g.tcpCount(colSentTCP, i)
	}
	if g.columns[colReceivedTCP].there[i] {
		t.Seen |= flow.TCPReceived
		t.Received = g.tcpCount(colReceivedTCP, i)
	}
}

func (g *rows) tcpCount(col, i int) flow.TCPCount {
	code := func(n int) uint32 { return g.columns[col+n].codes[i] }
	return flow.TCPCount{
		Retransmitted:      uint16(code(tcpRetransmitted)),
		RetransmittedBytes: uint32(g.columns[col+tcpRetransmittedBytes].wide[i]),
		DupACKs:            uint16(code(tcpDupACKs)),
		SYN:                uint8(code(tcpSYN)),
		SYNACK:             uint8(code(tcpSYNACK)),
		FIN:                uint8(code(tcpFIN)),
		RST:                uint8(code(tcpRST)),
		ZeroWindow:         uint8(code(tcpZeroWindow)),
		KeepAlive:          uint8(code(tcpKeepAlive)),
	}
}
