package parquet

import (
	"math/bits"
	"math/rand/v2"

	"flowctl/collectors/flow"
)

// sightings are the rows of a batch that a flow.Sums adds up: those of flow
// logs. Their flows are known by a hash of the addresses and ports.
type sightings struct {
	all    []flow.Sighting
	rows   []int // of them
	recent [256]recent
}

// recent is a context that was seen not long ago. Rows come in the order of
// time, so that the contexts of a minute come again and again.
type recent struct {
	point, target, rule, acl uint32
	traits                   uint32
	number                   uint32 // + 1; 0 for none
}

// hashKeys differ from process to process, so that nobody can make up traffic
// whose flows are taken for one another. No result depends on them.
var hashKeys = [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}

func mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashAddresses sets the hashes of a dictionary of addresses.
func (r *read) hashAddresses() {
	r.hashes = r.hashes[:0]
	k := &hashKeys
	for _, a := range r.addresses {
		hi, lo := mul(a.Hi^k[0], a.Lo^k[1]), mul(a.Hi^k[2], a.Lo^k[3])
		r.hashes = append(r.hashes, [2]uint64{mul(hi^k[1], lo^k[0]), mul(lo^k[3], hi^k[2])})
	}
}

// hash is a hash of the flow of row i.
func (g *rows) hash(i int) [2]uint64 {
	s, d := &g.columns[colSource], &g.columns[colDestination]
	from, to, k := &s.hashes[s.codes[i]], &d.hashes[d.codes[i]], &hashKeys
	rest := uint64(g.columns[colSourcePort].codes[i])<<32 | uint64(g.columns[colDestinationPort].codes[i])<<16 | uint64(g.columns[colProtocol].codes[i])
	return [2]uint64{mul(from[0]^rest^k[0], to[1]^k[1]), mul(from[1]^k[2], to[0]^rest<<8^k[3])}
}

// sumRows is how many flows are added up at a time. Rows are in the order of
// time, so that those of all interfaces come one after the other.
const sumRows = 128 << 10

// begin looks at what was read of a row group.
func (g *rows) begin(total int) {
	g.total, g.next = total, 0
	g.pure = g.noneOf(foreign[:]...)
	if g.sums != nil {
		g.columns[colSource].hashAddresses()
		g.columns[colDestination].hashAddresses()
	}
}

// foreign are the columns that no flow log has a value for.
var foreign = [...]int{colSentFrameBytes, colEtherType, colTunnel, colTCPPartly, colFirstNanos, colLastNanos}

// isLog reports whether row i has but what flow logs say.
func (g *rows) isLog(i int) bool {
	for _, c := range foreign {
		if g.columns[c].there[i] {
			return false
		}
	}
	return true
}

// noneOf reports whether no row has a value of one of these columns.
func (g *rows) noneOf(columns ...int) bool {
	for _, c := range columns {
		if g.columns[c].values > 0 {
			return false
		}
	}
	return true
}

// sighted reports whether row i is a sighting of a flow, and notes it: it has
// one time and a state, and either all that flow logs count or nothing.
func (g *rows) sighted(i int) bool {
	at, until := &g.columns[colFirst], &g.columns[colLast]
	packets, bytes := &g.columns[colSentPackets], &g.columns[colSentIPBytes]
	state := flow.State(g.columns[colState].codes[i])
	if !at.there[i] || !until.there[i] || at.ints[i] != until.ints[i] || packets.there[i] != bytes.there[i] ||
		state == flow.StateUnknown || g.columns[colGuessed].codes[i] != 0 || !g.pure && !g.isLog(i) {
		return false
	}
	g.seen.rows = append(g.seen.rows, i)
	g.seen.all = append(g.seen.all, flow.Sighting{
		Hash: g.hash(i), Time: at.ints[i] * 1000, State: state, Measured: packets.there[i], Context: g.context(i, state == flow.Deny),
		Counters: [4]uint64{
			uint64(packets.ints[i]), uint64(bytes.ints[i]),
			uint64(g.columns[colReceivedPackets].ints[i]), uint64(g.columns[colReceivedIPBytes].ints[i]),
		},
	})
	return true
}

// context returns the number of the context of row i.
func (g *rows) context(i int, denied bool) uint32 {
	k := recent{
		point: g.columns[colPoint].codes[i], target: g.columns[colTarget].codes[i],
		rule: g.columns[colRule].codes[i], acl: g.columns[colACL].codes[i],
		traits: g.columns[colDirection].codes[i] | g.columns[colEncryption].codes[i]<<4,
	}
	if denied {
		k.traits |= 1 << 8
	}
	e := &g.seen.recent[(k.point*31+k.rule*7+k.traits)*0x9e3779b1>>24]
	if k.number = e.number; k != *e || e.number == 0 {
		k.number = 1 + g.sums.Context(flow.Context{
			Point: flow.ID(k.point), Target: flow.ID(k.target), Rule: flow.ID(k.rule), ACL: flow.ID(k.acl),
			Direction: flow.Direction(k.traits & 15), Encryption: flow.Encryption(k.traits >> 4 & 15), Denied: denied,
		})
		*e = k
	}
	return e.number - 1
}

// count adds up the sightings of the last batch. It reports false if yield did.
func (g *rows) count(yield func(flow.Batch) bool) bool {
	s := &g.seen
	if len(s.all) == 0 {
		return true
	}
	g.sums.Resolve(s.all, func(k int) (flow.Key, bool) {
		var r flow.Record
		g.key(&r, s.rows[k])
		return r.Key, true
	})
	more := g.sums.Count(s.all, yield)
	s.all, s.rows = s.all[:0], s.rows[:0]
	return more
}
