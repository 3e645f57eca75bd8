package parquet

// gathered are the columns of a row group in the order of the file. Columns
// that may lack values have but those that are there.
type gathered struct {
	first, last []int64
	counters    [4][]int64 // packets and IP bytes sent, the same received
	addresses   [2][]int32 // slots in the dictionaries
	ports       [2][]uint16
	traits      []uint32 // of every row

	rests   []rest // of every row, unless there are none
	anyRest rest   // has what any has

	has  []uint8    // of every row: the bits below
	some [7]anyNone // of those bits
	bits []uint8    // by number of traits: those that do not depend on the row

	alike bool      // what has packets has bytes, and the other way round
	lacks [2][]bool // by number of traits: whether a side was not measured; nil if all were
}

// The bits of gathered.has: what a row has.
const (
	hasPackets = iota
	hasBytes
	hasSrcPort
	hasDstPort
	hasSrc
	hasDst
	hasFirst
)

// anyNone says whether any row has a value, and whether all have.
type anyNone struct{ any, all bool }

// all gathers the rows of p in the order of list.
func (g *gathered) all(p *part, list []sortKey, ranks [2][]uint32) {
	g.grow(len(list))
	g.traitBits(&p.traits)
	g.values(p.rows, list, ranks)
	g.moments(p.times, list)
	g.beside(p.rests, list)
	if !p.moments {
		for i, at := range list {
			g.last[i] = p.lasts[at&rowMask]
		}
	}
	g.count()
}

func (g *gathered) grow(n int) {
	g.first, g.last = grow(g.first, n), grow(g.last, n)
	for i := range g.counters {
		g.counters[i] = grow(g.counters[i], n)
	}
	for i := range g.ports {
		g.addresses[i], g.ports[i] = grow(g.addresses[i], n), grow(g.ports[i], n)
	}
	g.traits, g.has = grow(g.traits, n), grow(g.has, n)
}

// traitBits sets which values rows have by their traits.
func (g *gathered) traitBits(l *traitList) {
	g.bits, g.alike, g.lacks = g.bits[:0], true, [2][]bool{}
	for i := range l.list {
		t := &l.list[i]
		m := uint64(t.measured())
		g.alike = g.alike && m>>hasPackets&1 == m>>hasBytes&1
		for side := range g.lacks {
			if t.lacks(side) && g.lacks[side] == nil {
				g.lacks[side] = make([]bool, len(l.list))
			}
			if t.lacks(side) {
				g.lacks[side][i] = true
			}
		}
		g.bits = append(g.bits, uint8(m&3|bit(t.has(kindSrcPort))<<hasSrcPort|bit(t.has(kindDstPort))<<hasDstPort|1<<hasFirst))
	}
}

// values gathers all but times.
func (g *gathered) values(rows []row, list []sortKey, ranks [2][]uint32) {
	sent, sentBytes, received, receivedBytes := g.counters[0], g.counters[1], g.counters[2], g.counters[3]
	traits, has := g.traits[:len(list)], g.has[:len(list)]
	var packets, bytes, src, dst, srcPort, dstPort int
	for i, at := range list {
		r := &rows[at&rowMask]
		s, d := ranks[0][r.src], ranks[1][r.dst]
		b := g.bits[r.traits] | uint8(min(s, 1)<<hasSrc|min(d, 1)<<hasDst)
		traits[i], has[i] = r.traits, b
		sent[packets], received[packets] = r.counters[0], r.counters[2]
		packets += int(b >> hasPackets & 1)
		sentBytes[bytes], receivedBytes[bytes] = r.counters[1], r.counters[3]
		bytes += int(b >> hasBytes & 1)
		g.ports[0][srcPort], g.ports[1][dstPort] = r.srcPort, r.dstPort
		srcPort += int(b >> hasSrcPort & 1)
		dstPort += int(b >> hasDstPort & 1)
		g.addresses[0][src], g.addresses[1][dst] = int32(s)-1, int32(d)-1
		src += int(b >> hasSrc & 1)
		dst += int(b >> hasDst & 1)
	}
	g.counters = [4][]int64{sent[:packets], sentBytes[:bytes], received[:packets], receivedBytes[:bytes]}
	g.ports = [2][]uint16{g.ports[0][:srcPort], g.ports[1][:dstPort]}
	g.addresses = [2][]int32{g.addresses[0][:src], g.addresses[1][:dst]}
}

// moments gathers the first times.
func (g *gathered) moments(times []int64, list []sortKey) {
	var n int
	for i, at := range list {
		t := times[at&rowMask]
		g.first[n] = t
		n++
		if t == null {
			g.has[i] &^= 1 << hasFirst
			n--
		}
	}
	g.first = g.first[:n]
}

// beside gathers what few records have, if any has it. Those behind the last of
// rests have none.
func (g *gathered) beside(rests []rest, list []sortKey) {
	g.rests, g.anyRest = g.rests[:0], rest{}
	if len(rests) == 0 {
		return
	}
	for i := range rests {
		g.anyRest.join(&rests[i])
	}
	g.rests = grow(g.rests, len(list))
	for i, at := range list {
		if at &= rowMask; int(at) < len(rests) {
			g.rests[i] = rests[at]
		} else {
			g.rests[i] = rest{}
		}
	}
}

// count says which bits any and all rows have.
func (g *gathered) count() {
	any, all := uint8(0), uint8(0xff)
	for _, b := range g.has {
		any, all = any|b, all&b
	}
	for i := range g.some {
		g.some[i] = anyNone{any>>i&1 != 0, all>>i&1 != 0}
	}
}
