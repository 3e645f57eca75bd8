package parquet

import (
	"cmp"
	"errors"
	"math"
	"strings"

	"github.com/klauspost/compress/zstd"

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

	row        int // of which values are set
	values     [columnCount]chunkValues
	addresses  [2]*addresses // of colSource and colDestination
	from, to   []uint32      // numbers of the rows' addresses
	small      [columnCount]*values
	texts      [columnCount]texts
	dictionary entries
	clipped    uint64
}

// maxTexts is how many bytes of texts, other than addresses, a row group may
// have. Texts come from foreign files; those of Azure stay far below.
const maxTexts = 16 << 20

// The texts of enumerated values, which are told apart by their number.
var enumerated = []int{colDirection, colState, colEncryption, colTunnel}

func newEncoder(names *flow.Names, rows int) (*encoder, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	e := &encoder{names: names, pages: pages{zstd: z}, addresses: [2]*addresses{newAddresses(rows), newAddresses(rows)}}
	for i, c := range columns {
		if c.sort == number {
			e.small[i] = &values{}
		}
	}
	for _, i := range enumerated {
		e.small[i] = &values{}
	}
	return e, nil
}

// encode hands the row groups of records to write, with their bytes, which are
// valid until the next one. It is one group unless texts are very long.
func (e *encoder) encode(records []flow.Record, write func(group, []byte) error) error {
	if n := len(records); n > 1 && e.long(records) {
		return errors.Join(e.encode(records[:n/2], write), e.encode(records[n/2:], write))
	}
	return write(e.group(records), e.pages.out)
}

// long reports whether records have too many texts for one group.
func (e *encoder) long(records []flow.Record) bool {
	for i := range e.texts {
		e.texts[i].reset()
	}
	size := 0
	for i := range records {
		r := &records[i]
		for k, id := range [4]flow.ID{r.Point, r.Target, r.Rule, r.ACL} {
			t := &e.texts[colPoint+k]
			known := len(t.ids)
			if t.number(id); len(t.ids) > known {
				size += len(e.names.Text(id))
			}
		}
	}
	return size > maxTexts
}

func (e *encoder) group(records []flow.Record) group {
	e.reset()
	e.number(records)
	from, to := e.addresses[0].rank, e.addresses[1].rank
	rows := e.order.sort(records, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(from[e.from[a]], from[e.from[b]]), cmp.Compare(to[e.to[a]], to[e.to[b]]))
	})
	for i, p := range rows {
		r := &records[p.row]
		e.row = i
		e.key(r, from[e.from[p.row]], to[e.to[p.row]])
		e.times(r)
		e.facts(r)
		e.counters(r)
		if r.TCP.Seen != 0 {
			e.tcp(&r.TCP)
		}
	}
	g := group{rows: len(records), clipped: e.clipped}
	for i := range columns {
		g.chunks[i] = e.pages.add(columns[i], len(records), &e.values[i], e.entries(i))
	}
	return g
}

func (e *encoder) reset() {
	e.pages.out, e.clipped = e.pages.out[:0], 0
	for i := range columns {
		e.values[i].reset()
		e.texts[i].reset()
		if e.small[i] != nil {
			e.small[i].reset()
		}
	}
}

// number gives the addresses their numbers and their order.
func (e *encoder) number(records []flow.Record) {
	from, to := e.addresses[0], e.addresses[1]
	from.reset()
	to.reset()
	e.from, e.to = e.from[:0], e.to[:0]
	for i := range records {
		e.from = append(e.from, from.number(records[i].Src))
		e.to = append(e.to, to.number(records[i].Dst))
	}
	from.sort()
	to.sort()
}

func (e *encoder) times(r *flow.Record) {
	e.time(colFirst, colFirstNanos, r.First)
	e.time(colLast, colLastNanos, r.Last)
}

func (e *encoder) time(col, nanos int, ns int64) {
	if ns == flow.NoTime {
		return
	}
	us, left := micros(ns)
	e.values[col].int(e.row, us)
	e.count(nanos, uint16(left), left != 0)
}

// count sets a small number, if it is there.
func (e *encoder) count(col int, v uint16, there bool) {
	if there {
		e.values[col].index(e.row, e.small[col].number(v))
	}
}

func (e *encoder) key(r *flow.Record, from, to uint32) {
	if from != 0 {
		e.values[colSource].index(e.row, from-1)
	}
	if to != 0 {
		e.values[colDestination].index(e.row, to-1)
	}
	ports := hasPorts(r.Proto)
	e.count(colSourcePort, r.SrcPort, ports || r.SrcPort != 0)
	e.count(colDestinationPort, r.DstPort, ports || r.DstPort != 0)
	e.count(colProtocol, uint16(r.Proto), r.IsIP() || r.Proto != 0)
	e.count(colEtherType, r.EtherType, r.EtherType != 0)
}

// hasPorts reports whether an IANA protocol has ports: TCP, UDP, DCCP, SCTP
// and UDP-Lite.
func hasPorts(proto uint8) bool {
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136
}

func (e *encoder) facts(r *flow.Record) {
	e.count(colDirection, uint16(r.Direction), r.Direction != flow.DirectionUnknown)
	e.count(colState, uint16(r.State), r.State != flow.StateUnknown)
	e.count(colEncryption, uint16(r.Encryption), r.Encryption != flow.EncryptionUnknown)
	e.count(colTunnel, uint16(r.Tunnel), r.Tunnel != flow.NoTunnel)
	e.flag(colGuessed, r.Guessed)
	e.text(colPoint, r.Point)
	e.text(colTarget, r.Target)
	e.text(colRule, r.Rule)
	e.text(colACL, r.ACL)
}

func (e *encoder) flag(col int, v bool) {
	var n uint32
	if v {
		n = 1
	}
	e.values[col].index(e.row, n)
}

func (e *encoder) text(col int, id flow.ID) {
	if id != 0 {
		e.values[col].index(e.row, e.texts[col].number(id))
	}
}

func (e *encoder) counters(r *flow.Record) {
	if r.Measured&flow.Packets != 0 {
		e.counter(colSentPackets, r.Sent.Packets)
		e.counter(colReceivedPackets, r.Received.Packets)
	}
	if r.Measured&flow.IPBytes != 0 {
		e.counter(colSentIPBytes, r.Sent.IPBytes)
		e.counter(colReceivedIPBytes, r.Received.IPBytes)
	}
	if r.Measured&flow.FrameBytes != 0 {
		e.counter(colSentFrameBytes, r.Sent.FrameBytes)
		e.counter(colReceivedFrameBytes, r.Received.FrameBytes)
	}
}

func (e *encoder) counter(col int, v uint64) {
	if v > math.MaxInt64 {
		e.clipped++
		v = math.MaxInt64
	}
	e.values[col].int(e.row, int64(v))
}

func (e *encoder) tcp(t *flow.TCP) {
	e.flag(colTCPPartly, t.Seen&flow.TCPPartly != 0)
	if t.Seen&flow.TCPAnswered != 0 {
		e.counter(colTCPAnswered, uint64(t.Answered))
	}
	if t.Seen&flow.TCPConfirmed != 0 {
		e.counter(colTCPConfirmed, uint64(t.Confirmed))
	}
	if t.Seen&flow.TCPSent != 0 {
		e.tcpCount(colSentTCP, &t.Sent)
	}
	if t.Seen&flow.TCPReceived != 0 {
		e.tcpCount(colReceivedTCP, &t.Received)
	}
}

func (e *encoder) tcpCount(col int, c *flow.TCPCount) {
	e.count(col+tcpRetransmitted, c.Retransmitted, true)
	e.counter(col+tcpRetransmittedBytes, uint64(c.RetransmittedBytes))
	e.count(col+tcpDupACKs, c.DupACKs, true)
	e.count(col+tcpSYN, uint16(c.SYN), true)
	e.count(col+tcpSYNACK, uint16(c.SYNACK), true)
	e.count(col+tcpFIN, uint16(c.FIN), true)
	e.count(col+tcpRST, uint16(c.RST), true)
	e.count(col+tcpZeroWindow, uint16(c.ZeroWindow), true)
	e.count(col+tcpKeepAlive, uint16(c.KeepAlive), true)
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
