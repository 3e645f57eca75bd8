package parquet

import (
	"math"

	"flowctl/collectors/flow"
)

// row is a record on its way into a row group, but for its times: what most
// records have, in few bytes.
type row struct {
	counters         [4]int64 // packets and IP bytes sent, the same received
	src, dst         uint32   // numbers of the addresses
	traits           uint32   // number of what it shares with other rows
	srcPort, dstPort uint16
}

// rest is what records of captures have beside.
type rest struct {
	framed bool      // frames were measured
	frames [2]int64  // of colSentFrameBytes and colReceivedFrameBytes
	nanos  [2]uint16 // of colFirstNanos and colLastNanos; 0 for none
	tcp    flow.TCP
}

// traits are what many records of a row group share, in few words.
type traits struct {
	where uint64 // point and target
	how   uint64 // rule and ACL
	log   uint64
	kind  uint64 // the rest
}

// The bits of traits.kind, from the lowest: enumerated values with 8 bits each or 4,
// the EtherType with 16, and single ones.
const (
	kindState      = 0
	kindDirection  = 8 // 4 bits
	kindClass      = 12
	kindEncryption = 16
	kindTunnel     = 24 // 6 bits
	kindOneSide    = 30 // two bits: what was sent was measured alone, or what was received
	kindProtocol   = 32
	kindEtherType  = 40

	kindMeasured = 56 // three bits, of flow.Measure
	kindSrcPort  = 59 // it has one
	kindDstPort  = 60
	kindIP       = 61 // its protocol is one, also if it is 0
	kindGuessed  = 62
)

// traitsOf returns what r shares with others.
func traitsOf(r *flow.Record) traits {
	return traits{
		where: uint64(r.Point)<<32 | uint64(r.Target),
		how:   uint64(r.Rule)<<32 | uint64(r.ACL),
		log:   uint64(r.Log),
		kind: uint64(r.State)<<kindState | uint64(r.Direction)<<kindDirection | uint64(r.Class)<<kindClass | uint64(r.Encryption)<<kindEncryption |
			uint64(r.Tunnel)<<kindTunnel | uint64(r.EtherType)<<kindEtherType | uint64(r.Measured&7)<<kindMeasured | uint64(r.Measured>>3&3)<<kindOneSide |
			bit(r.Guessed)<<kindGuessed | kindOf(&r.Key, r.IsIP()),
	}
}

// kindOf is what a flow says of traits.kind.
func kindOf(k *flow.Key, ip bool) uint64 {
	ports := hasPorts(k.Proto)
	return uint64(k.Proto)<<kindProtocol | bit(ports || k.SrcPort != 0)<<kindSrcPort | bit(ports || k.DstPort != 0)<<kindDstPort |
		bit(k.Proto != 0 || ip)<<kindIP
}

// hasPorts reports whether an IANA protocol has ports: TCP, UDP, DCCP, SCTP
// and UDP-Lite.
func hasPorts(proto uint8) bool {
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// has reports whether a single bit of kind is set.
func (t *traits) has(at int) bool { return t.kind>>at&1 != 0 }

// measured is what was measured.
func (t *traits) measured() flow.Measure { return flow.Measure(t.kind >> kindMeasured & 7) }

// lacks reports whether a side was not measured: what was sent is side 0, what was
// received side 1.
func (t *traits) lacks(side int) bool { return t.kind>>(kindOneSide+1-side)&1 != 0 }

// ids are the texts, from colPoint on: point, target, rule, ACL and log.
func (t *traits) ids() [5]flow.ID {
	return [5]flow.ID{flow.ID(t.where >> 32), flow.ID(uint32(t.where)), flow.ID(t.how >> 32), flow.ID(uint32(t.how)), flow.ID(t.log)}
}

// value is the value of a column of traits, and whether there is one.
func (t *traits) value(col int) (uint32, bool) {
	octet := func(at int, mask uint64) (uint32, bool) { v := uint32(t.kind >> at & mask); return v, v != 0 }
	switch col {
	case colState:
		return octet(kindState, 0xff)
	case colDirection:
		return octet(kindDirection, 0xf)
	case colClass:
		return octet(kindClass, 0xf)
	case colEncryption:
		return octet(kindEncryption, 0xff)
	case colTunnel:
		return octet(kindTunnel, 0x3f)
	case colProtocol:
		return uint32(t.kind >> kindProtocol & 0xff), t.has(kindIP)
	case colEtherType:
		v := uint32(t.kind >> kindEtherType & 0xffff)
		return v, v != 0
	case colGuessed:
		return uint32(t.kind >> kindGuessed & 1), true
	}
	id := t.ids()[col-colPoint]
	return uint32(id), id != 0
}

// signed are counters as signed integers, and how many had to be cut.
func signed(list [4]uint64) (out [4]int64, cut uint64) {
	for i, v := range list {
		out[i] = int64(min(v, math.MaxInt64))
		cut += v >> 63
	}
	return out, cut
}

// micros is a time in microseconds, rounded down, and the nanoseconds that
// are left.
func micros(ns int64) (us, left int64) {
	us, left = ns/1000, ns%1000
	if left < 0 {
		us, left = us-1, left+1000
	}
	return us, left
}

// null stands for no time.
const null = flow.NoTime
