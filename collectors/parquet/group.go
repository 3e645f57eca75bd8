package parquet

import (
	"cmp"
	"errors"
	"math"
	"strings"

	"github.com/parquet-go/parquet-go/compress/zstd"

	"flowctl/collectors/flow"
)

// group is a row group as it stands in the file.
type group struct {
	rows    int
	chunks  [columnCount]chunk
	clipped uint64 // counters that no signed integer holds
}

// encoder turns records into row groups. It is for one goroutine and keeps
// its memory from one group to the next.
type encoder struct {
	names *flow.Names
	pages pages
	order order

	values     [columnCount]chunkValues
	addresses  [2]*addresses // of colSource and colDestination
	small      [columnCount]*values
	texts      [columnCount]texts
	dictionary entries
	clipped    uint64

	measured flow.Measure // by any record
	tcp      bool         // of any record
	moments  bool         // all records are of one time each, as those of flow logs
}

// maxTexts is how many bytes of texts, other than addresses, a row group may
// have. Texts come from foreign files; those of Azure stay far below.
const maxTexts = 16 << 20

// enumerated are the columns of enumerated values.
var enumerated = []int{colDirection, colState, colEncryption, colTunnel}

func newEncoder(names *flow.Names) *encoder {
	e := &encoder{names: names, addresses: [2]*addresses{newAddresses(), newAddresses()}}
	e.pages.zstd.Level = zstd.SpeedFastest
	for i, c := range columns {
		if c.sort == number {
			e.small[i] = &values{}
		}
	}
	for _, i := range enumerated {
		e.small[i] = &values{}
	}
	return e
}

// encode hands the row groups of records to write, with their bytes, which are
// valid until the next one. It is one group unless texts are very long.
func (e *encoder) encode(records []flow.Record, write func(group, []byte) error) error {
	if n := len(records); !e.take(records) && n > 1 {
		return errors.Join(e.encode(records[:n/2], write), e.encode(records[n/2:], write))
	}
	g := e.group(len(records))
	if e.pages.err != nil {
		return e.pages.err
	}
	return write(g, e.pages.out)
}

// take takes the records apart into columns. It reports whether they have few
// enough texts for one group.
func (e *encoder) take(records []flow.Record) bool {
	e.reset(len(records))
	e.moments = true
	for i := range records {
		r := &records[i]
		e.moments = e.moments && r.First == r.Last
		e.key(r, i)
		e.times(r, i)
		e.facts(r, i)
		e.counters(r, i)
		if r.TCP.Seen != 0 {
			e.setTCP(&r.TCP, i, len(records))
		}
	}
	size := 0
	for i := range e.texts {
		for _, id := range e.texts[i].ids {
			size += len(e.names.Text(id))
		}
	}
	return size <= maxTexts
}

// group returns the row group of what was taken.
func (e *encoder) group(n int) group {
	var ranks [2][]uint32
	for i, col := range [2]int{colSource, colDestination} {
		e.addresses[i].sort()
		codes, rank := e.values[col].codes, e.addresses[i].rank
		for k, v := range codes {
			codes[k] = rank[v]
		}
		ranks[i] = codes
	}
	rows := e.order.sort(e.values[colFirst].raw, func(a, b place) int {
		a, b = a&rowMask, b&rowMask
		return cmp.Or(cmp.Compare(ranks[0][a], ranks[0][b]), cmp.Compare(ranks[1][a], ranks[1][b]))
	})
	g := group{rows: n, clipped: e.clipped}
	for i, c := range columns {
		v := &e.values[i]
		switch {
		case e.empty(i):
			v.none(n)
		case i == colLast && e.moments:
			g.chunks[i] = e.pages.again(g.chunks[colFirst])
			continue
		default:
			v.gather(c, rows)
		}
		g.chunks[i] = e.pages.add(c, n, v, e.entries(i))
	}
	return g
}

// empty reports whether no row has a value of a column.
func (e *encoder) empty(col int) bool {
	switch {
	case col == colSentFrameBytes || col == colReceivedFrameBytes:
		return e.measured&flow.FrameBytes == 0
	case col >= colTCPAnswered:
		return !e.tcp
	case e.small[col] != nil:
		return len(e.small[col].list) == 0
	}
	return false
}

// reset makes room for n records.
func (e *encoder) reset(n int) {
	e.pages.out, e.clipped, e.measured, e.tcp = e.pages.out[:0], 0, 0, false
	for i, c := range columns {
		e.texts[i].reset()
		if e.small[i] != nil {
			e.small[i].reset()
		}
		switch {
		case i >= colTCPAnswered: // once it is needed
		case c.wide():
			e.values[i].raw = grow(e.values[i].raw, n)
		default:
			e.values[i].codes = grow(e.values[i].codes, n)
		}
	}
	e.addresses[0].reset()
	e.addresses[1].reset()
}

func (e *encoder) key(r *flow.Record, i int) {
	e.values[colSource].codes[i] = e.addresses[0].number(r.Src)
	e.values[colDestination].codes[i] = e.addresses[1].number(r.Dst)
	ports := hasPorts(r.Proto)
	e.count(colSourcePort, i, r.SrcPort, ports || r.SrcPort != 0)
	e.count(colDestinationPort, i, r.DstPort, ports || r.DstPort != 0)
	e.count(colProtocol, i, uint16(r.Proto), r.Proto != 0 || r.IsIP())
	e.count(colEtherType, i, r.EtherType, r.EtherType != 0)
}

// count sets a small number, or none.
func (e *encoder) count(col, i int, v uint16, there bool) {
	var code uint32
	if there {
		code = e.small[col].number(v)
	}
	e.values[col].codes[i] = code
}

// hasPorts reports whether an IANA protocol has ports: TCP, UDP, DCCP, SCTP
// and UDP-Lite.
func hasPorts(proto uint8) bool {
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136
}

func (e *encoder) times(r *flow.Record, i int) {
	e.time(colFirst, colFirstNanos, i, r.First)
	e.time(colLast, colLastNanos, i, r.Last)
}

func (e *encoder) time(col, nanos, i int, ns int64) {
	us, left := null, int64(0)
	if ns != flow.NoTime {
		us, left = micros(ns)
	}
	e.values[col].raw[i] = us
	e.count(nanos, i, uint16(left), left != 0)
}

func (e *encoder) facts(r *flow.Record, i int) {
	e.count(colDirection, i, uint16(r.Direction), r.Direction != flow.DirectionUnknown)
	e.count(colState, i, uint16(r.State), r.State != flow.StateUnknown)
	e.count(colEncryption, i, uint16(r.Encryption), r.Encryption != flow.EncryptionUnknown)
	e.count(colTunnel, i, uint16(r.Tunnel), r.Tunnel != flow.NoTunnel)
	e.flag(colGuessed, i, r.Guessed)
	e.values[colPoint].codes[i] = e.texts[colPoint].number(r.Point)
	e.values[colTarget].codes[i] = e.texts[colTarget].number(r.Target)
	e.values[colRule].codes[i] = e.texts[colRule].number(r.Rule)
	e.values[colACL].codes[i] = e.texts[colACL].number(r.ACL)
}

func (e *encoder) flag(col, i int, v bool) {
	code := uint32(1)
	if v {
		code = 2
	}
	e.values[col].codes[i] = code
}

func (e *encoder) counters(r *flow.Record, i int) {
	e.measured |= r.Measured
	e.counter(colSentPackets, i, r.Sent.Packets, r.Measured&flow.Packets != 0)
	e.counter(colReceivedPackets, i, r.Received.Packets, r.Measured&flow.Packets != 0)
	e.counter(colSentIPBytes, i, r.Sent.IPBytes, r.Measured&flow.IPBytes != 0)
	e.counter(colReceivedIPBytes, i, r.Received.IPBytes, r.Measured&flow.IPBytes != 0)
	e.counter(colSentFrameBytes, i, r.Sent.FrameBytes, r.Measured&flow.FrameBytes != 0)
	e.counter(colReceivedFrameBytes, i, r.Received.FrameBytes, r.Measured&flow.FrameBytes != 0)
}

// counter sets a counter, or none.
func (e *encoder) counter(col, i int, v uint64, measured bool) {
	x := int64(v)
	if x < 0 {
		x = math.MaxInt64
		e.clipped++
	}
	if !measured {
		x = null
	}
	e.values[col].raw[i] = x
}

// setTCP sets what TCP headers showed of record i of n.
func (e *encoder) setTCP(t *flow.TCP, i, n int) {
	if !e.tcp {
		e.tcp = true
		e.noTCP(n)
	}
	e.flag(colTCPPartly, i, t.Seen&flow.TCPPartly != 0)
	e.counter(colTCPAnswered, i, uint64(t.Answered), t.Seen&flow.TCPAnswered != 0)
	e.counter(colTCPConfirmed, i, uint64(t.Confirmed), t.Seen&flow.TCPConfirmed != 0)
	e.tcpCount(colSentTCP, i, &t.Sent, t.Seen&flow.TCPSent != 0)
	e.tcpCount(colReceivedTCP, i, &t.Received, t.Seen&flow.TCPReceived != 0)
}

// noTCP leaves n rows without what TCP headers show.
func (e *encoder) noTCP(n int) {
	for i := colTCPAnswered; i < columnCount; i++ {
		v := &e.values[i]
		if !columns[i].wide() {
			v.codes = grow(v.codes, n)
			clear(v.codes)
			continue
		}
		v.raw = grow(v.raw, n)
		for k := range v.raw {
			v.raw[k] = null
		}
	}
}

func (e *encoder) tcpCount(col, i int, c *flow.TCPCount, seen bool) {
	e.count(col+tcpRetransmitted, i, c.Retransmitted, seen)
	e.counter(col+tcpRetransmittedBytes, i, uint64(c.RetransmittedBytes), seen)
	e.count(col+tcpDupACKs, i, c.DupACKs, seen)
	e.count(col+tcpSYN, i, uint16(c.SYN), seen)
	e.count(col+tcpSYNACK, i, uint16(c.SYNACK), seen)
	e.count(col+tcpFIN, i, uint16(c.FIN), seen)
	e.count(col+tcpRST, i, uint16(c.RST), seen)
	e.count(col+tcpZeroWindow, i, uint16(c.ZeroWindow), seen)
	e.count(col+tcpKeepAlive, i, uint16(c.KeepAlive), seen)
}

// entries returns the dictionary of a column, valid until the next one.
func (e *encoder) entries(col int) *entries {
	d := &e.dictionary
	*d = entries{plain: d.plain[:0]}
	switch {
	case col == colSource || col == colDestination:
		a := e.addresses[0]
		if col == colDestination {
			a = e.addresses[1]
		}
		from := 0
		for _, end := range a.ends {
			d.appendText(a.texts[from:end])
			from = end
		}
		d.sorted = true
	case columns[col].sort == number:
		for _, v := range e.small[col].list {
			d.appendNumber(uint32(v))
		}
	case e.small[col] != nil:
		for _, v := range e.small[col].list {
			d.appendText([]byte(enumText(col, v)))
		}
	default:
		for _, id := range e.texts[col].ids {
			d.appendText([]byte(strings.ToValidUTF8(e.names.Text(id), "\ufffd")))
		}
	}
	return d
}

// enumText is the text of an enumerated value.
func enumText(col int, v uint16) string {
	switch col {
	case colDirection:
		return flow.Direction(v).String()
	case colState:
		return flow.State(v).String()
	case colEncryption:
		return flow.Encryption(v).String()
	}
	return flow.Tunnel(v).String()
}
