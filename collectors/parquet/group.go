package parquet

import (
	"cmp"
	"errors"
	"math"

	pq "github.com/parquet-go/parquet-go"

	"flowctl/collectors/flow"
)

// sliceRows is how many rows are taken apart at once, so that their values are
// still in the cache when the columns take them.
const sliceRows = 128

// encoder turns records into row groups. It is for one goroutine and keeps
// its memory from one group to the next.
type encoder struct {
	group     *pq.ConcurrentRowGroupWriter
	columns   []*pq.ColumnWriter
	order     order
	addresses addresses
	texts     texts
	enums     [columnCount]*enumTexts

	times    []int64 // of the records, in microseconds or null
	src, dst []uint32

	values  [columnCount][sliceRows]pq.Value
	nulls   [sliceRows]pq.Value
	clipped uint64 // counters that no signed integer holds
}

// maxTexts is how many bytes of texts, other than addresses, a row group may
// have. Texts come from foreign files; those of Azure stay far below.
const maxTexts = 16 << 20

func newEncoder(names *flow.Names, group *pq.ConcurrentRowGroupWriter) *encoder {
	e := &encoder{group: group, columns: group.ColumnWriters(), texts: texts{names: names}}
	for _, i := range []int{colDirection, colState, colEncryption, colTunnel} {
		e.enums[i] = newEnumTexts(i)
	}
	return e
}

// encode makes row groups of records and calls commit for each. It is one
// group unless texts are very long.
func (e *encoder) encode(records []flow.Record, commit func() error) error {
	if n := len(records); !e.take(records) && n > 1 {
		return errors.Join(e.encode(records[:n/2], commit), e.encode(records[n/2:], commit))
	}
	rows := e.order.sort(e.times, func(a, b place) int {
		a, b = a&rowMask, b&rowMask
		return cmp.Or(e.addresses.compare(e.src[a], e.src[b]), e.addresses.compare(e.dst[a], e.dst[b]))
	})
	for len(rows) > 0 {
		n := min(sliceRows, len(rows))
		if err := e.slice(records, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	if err := e.group.Flush(); err != nil {
		return err
	}
	return commit()
}

// take takes from the records what they are sorted by. It reports whether they
// have few enough texts for one group.
func (e *encoder) take(records []flow.Record) bool {
	e.addresses.reset()
	e.texts.group++
	e.times, e.src, e.dst = grow(e.times, len(records)), grow(e.src, len(records)), grow(e.dst, len(records))
	size := 0
	for i := range records {
		r := &records[i]
		e.src[i], e.dst[i] = e.addresses.number(r.Src), e.addresses.number(r.Dst)
		e.times[i] = null
		if r.First != flow.NoTime {
			e.times[i], _ = micros(r.First)
		}
		size += e.texts.add(r.Point) + e.texts.add(r.Target) + e.texts.add(r.Rule) + e.texts.add(r.ACL)
	}
	return size <= maxTexts
}

// slice writes some rows.
func (e *encoder) slice(records []flow.Record, rows []place) error {
	tcp := false
	for i, p := range rows {
		at := p & rowMask
		r := &records[at]
		e.values[colSource][i] = e.addresses.value(colSource, e.src[at])
		e.values[colDestination][i] = e.addresses.value(colDestination, e.dst[at])
		e.key(r, i)
		e.instants(r, i)
		e.facts(r, i)
		e.counters(r, i)
		tcp = tcp || r.TCP.Seen != 0
	}
	if tcp {
		for i, p := range rows {
			e.tcp(&records[p&rowMask].TCP, i)
		}
	}
	for col, c := range e.columns {
		values := e.values[col][:len(rows)]
		if !tcp && col >= colTCPAnswered {
			values = e.nulls[:len(rows)]
		}
		if _, err := c.WriteRowValues(values); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) key(r *flow.Record, i int) {
	ports := hasPorts(r.Proto)
	e.number(colSourcePort, i, r.SrcPort, ports || r.SrcPort != 0)
	e.number(colDestinationPort, i, r.DstPort, ports || r.DstPort != 0)
	e.number(colProtocol, i, uint16(r.Proto), r.Proto != 0 || r.IsIP())
	e.number(colEtherType, i, r.EtherType, r.EtherType != 0)
}

// number sets a small number, or none.
func (e *encoder) number(col, i int, v uint16, there bool) {
	if there {
		e.values[col][i] = pq.Int32Value(int32(v)).Level(0, 1, col)
	} else {
		e.values[col][i] = pq.Value{}
	}
}

// hasPorts reports whether an IANA protocol has ports: TCP, UDP, DCCP, SCTP
// and UDP-Lite.
func hasPorts(proto uint8) bool {
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136
}

func (e *encoder) instants(r *flow.Record, i int) {
	e.time(colFirst, colFirstNanos, i, r.First)
	e.time(colLast, colLastNanos, i, r.Last)
}

func (e *encoder) time(col, nanos, i int, ns int64) {
	e.values[col][i], e.values[nanos][i] = pq.Value{}, pq.Value{}
	if ns == flow.NoTime {
		return
	}
	us, left := micros(ns)
	e.values[col][i] = pq.Int64Value(us).Level(0, 1, col)
	e.number(nanos, i, uint16(left), left != 0)
}

func (e *encoder) facts(r *flow.Record, i int) {
	e.enum(colDirection, i, uint8(r.Direction))
	e.enum(colState, i, uint8(r.State))
	e.enum(colEncryption, i, uint8(r.Encryption))
	e.enum(colTunnel, i, uint8(r.Tunnel))
	e.values[colGuessed][i] = pq.BooleanValue(r.Guessed).Level(0, 0, colGuessed)
	e.values[colPoint][i] = e.texts.list[r.Point].value
	e.values[colTarget][i] = e.texts.list[r.Target].value
	e.values[colRule][i] = e.texts.list[r.Rule].value
	e.values[colACL][i] = e.texts.list[r.ACL].value
}

// enum sets the text of an enumerated value, of which 0 is unknown.
func (e *encoder) enum(col, i int, v uint8) {
	if v == 0 {
		e.values[col][i] = pq.Value{}
	} else {
		e.values[col][i] = e.enums[col][v]
	}
}

func (e *encoder) counters(r *flow.Record, i int) {
	packets, ip, frames := r.Measured&flow.Packets != 0, r.Measured&flow.IPBytes != 0, r.Measured&flow.FrameBytes != 0
	e.counter(colSentPackets, i, r.Sent.Packets, packets)
	e.counter(colReceivedPackets, i, r.Received.Packets, packets)
	e.counter(colSentIPBytes, i, r.Sent.IPBytes, ip)
	e.counter(colReceivedIPBytes, i, r.Received.IPBytes, ip)
	e.counter(colSentFrameBytes, i, r.Sent.FrameBytes, frames)
	e.counter(colReceivedFrameBytes, i, r.Received.FrameBytes, frames)
}

// counter sets a counter, or none.
func (e *encoder) counter(col, i int, v uint64, measured bool) {
	if !measured {
		e.values[col][i] = pq.Value{}
		return
	}
	if v > math.MaxInt64 {
		v = math.MaxInt64
		e.clipped++
	}
	e.values[col][i] = pq.Int64Value(int64(v)).Level(0, 1, col)
}

// tcp sets what TCP headers showed.
func (e *encoder) tcp(t *flow.TCP, i int) {
	e.values[colTCPPartly][i] = pq.Value{}
	if t.Seen != 0 {
		e.values[colTCPPartly][i] = pq.BooleanValue(t.Seen&flow.TCPPartly != 0).Level(0, 1, colTCPPartly)
	}
	e.counter(colTCPAnswered, i, uint64(t.Answered), t.Seen&flow.TCPAnswered != 0)
	e.counter(colTCPConfirmed, i, uint64(t.Confirmed), t.Seen&flow.TCPConfirmed != 0)
	e.tcpCount(colSentTCP, i, &t.Sent, t.Seen&flow.TCPSent != 0)
	e.tcpCount(colReceivedTCP, i, &t.Received, t.Seen&flow.TCPReceived != 0)
}

func (e *encoder) tcpCount(col, i int, c *flow.TCPCount, seen bool) {
	e.number(col+tcpRetransmitted, i, c.Retransmitted, seen)
	e.counter(col+tcpRetransmittedBytes, i, uint64(c.RetransmittedBytes), seen)
	e.number(col+tcpDupACKs, i, c.DupACKs, seen)
	e.number(col+tcpSYN, i, uint16(c.SYN), seen)
	e.number(col+tcpSYNACK, i, uint16(c.SYNACK), seen)
	e.number(col+tcpFIN, i, uint16(c.FIN), seen)
	e.number(col+tcpRST, i, uint16(c.RST), seen)
	e.number(col+tcpZeroWindow, i, uint16(c.ZeroWindow), seen)
	e.number(col+tcpKeepAlive, i, uint16(c.KeepAlive), seen)
}

// grow returns s with length n; what it holds is of no use.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
