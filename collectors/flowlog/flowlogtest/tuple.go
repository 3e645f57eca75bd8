package flowlogtest

import (
	"strconv"
	"time"
)

// tuple writes a tuple of c and adds it to the totals.
func (g *generator) tuple(c *conversation, state byte) {
	ms := g.start + c.next
	if g.spec.Version != 4 {
		ms -= ms % 1000
	}
	v := g.counters(c, state)
	g.count(c, state, ms, v)
	b := append(g.b, '"')
	if g.spec.Version == 4 {
		b = strconv.AppendInt(b, ms, 10)
	} else {
		b = strconv.AppendInt(b, ms/1000, 10)
	}
	b = append(b, ',')
	b = c.src.AppendTo(b)
	b = append(b, ',')
	b = c.dst.AppendTo(b)
	b = append(b, ',')
	b = strconv.AppendUint(b, uint64(c.sport), 10)
	b = append(b, ',')
	b = strconv.AppendUint(b, uint64(c.dport), 10)
	dir := byte('O')
	if rules[c.rule].inbound {
		dir = 'I'
	}
	switch g.spec.Version {
	case 4:
		b = append(b, ',')
		b = strconv.AppendUint(b, uint64(c.proto), 10)
		b = append(b, ',', dir, ',', state, ',')
		b = append(b, c.enc...)
		for _, x := range v {
			b = append(b, ',')
			b = strconv.AppendUint(b, x, 10)
		}
	default:
		b = g.decision(b, c, dir, state, v)
	}
	g.b = append(b, '"')
}

// decision writes the end of an NSG tuple, whose protocol is a letter, and
// whose counters are empty where there are none.
func (g *generator) decision(b []byte, c *conversation, dir, state byte, v [4]uint64) []byte {
	proto, decision := byte('T'), byte('A')
	if c.proto == 17 {
		proto = 'U'
	}
	if state == 'D' {
		decision, state = 'D', 'B'
	}
	b = append(b, ',', proto, ',', dir, ',', decision)
	if g.spec.Version == 1 {
		return b
	}
	b = append(b, ',', state)
	if state == 'B' {
		return append(b, ",,,,"...)
	}
	for _, x := range v {
		b = append(b, ',')
		b = strconv.AppendUint(b, x, 10)
	}
	return b
}

// counters returns packets and bytes sent, packets and bytes received since
// the tuple before; requests are small and answers large.
func (g *generator) counters(c *conversation, state byte) (v [4]uint64) {
	if state != 'C' && state != 'E' {
		return v
	}
	x := mix(c.seed + uint64(c.next))
	v[0] = 1 + x&15<<(x>>4&7)
	v[1] = v[0] * (54 + x>>8&255)
	v[2] = 1 + x>>16&15<<(x>>20&7)
	v[3] = v[2] * (60 + x>>24%1400)
	if x>>36%64 == 0 {
		v[3] *= 1 + x>>42&0xffff // a bulk transfer
		v[2] *= 1 + x>>42&0xffff
	}
	return v
}

func (g *generator) count(c *conversation, state byte, ms int64, v [4]uint64) {
	g.Tuples++
	switch state {
	case 'B':
		g.Begun++
	case 'C':
		g.Going++
	case 'E':
		g.Ended++
	case 'D':
		g.Denied++
	}
	if c.src.Is6() {
		g.IPv6++
	}
	if !c.started {
		c.started = true
		g.Flows++
	}
	g.PacketsSent += v[0]
	g.BytesSent += v[1]
	g.PacketsReceived += v[2]
	g.BytesReceived += v[3]
	at := time.UnixMilli(ms).UTC()
	if g.Tuples == 1 || at.Before(g.First) {
		g.First = at
	}
	if at.After(g.Last) {
		g.Last = at
	}
}
