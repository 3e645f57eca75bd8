package pcap

import (
	"math"
	"math/bits"
)

// The options that count what was dropped.
const (
	optionInterfaceDrops = 5 // isb_ifdrop, of interface statistics
	optionSystemDrops    = 7 // isb_osdrop
	optionDrops          = 4 // epb_dropcount, of a packet: between it and the one before
)

// notCounted is what the obsolete packet block says where nobody counted.
const notCounted = 0xffff

// mostDrops is more than any machine misses: a packet every nanosecond, for
// weeks.
const mostDrops = 1 << 52

// statistics reads an interface statistics block, whose counters go up from
// one to the next.
func (c *capture) statistics(s *section, b block) {
	if len(b.data) < 12 {
		return
	}
	id := s.u32(b.data)
	if uint64(id) >= uint64(len(s.interfaces)) {
		return
	}
	n := &s.interfaces[id]
	n.drops = c.dropped(n.drops, s.drops(b.data[12:]), b.at)
}

// lost takes what a packet says was missed before it at its interface. Statistics of the
// interface count the same.
func (c *capture) lost(n *nic, missed uint64, at int64) {
	if missed == 0 {
		return
	}
	sum, over := bits.Add64(n.lost, missed, 0)
	if over != 0 || sum > mostDrops {
		c.in.Skipped.Add(c.in.Source.Path, "count of missed packets that cannot be", at)
		return
	}
	n.lost = sum
	n.drops = c.dropped(n.drops, n.lost, at)
}

// lost is what the options of a packet say of what was missed before it.
func (e endian) lost(options []byte) uint64 {
	for kind, v := range e.options(options) {
		if kind == optionDrops && len(v) == 8 {
			return e.u64(v)
		}
	}
	return 0
}

// drops adds up the options that count drops.
func (e endian) drops(options []byte) uint64 {
	var n uint64
	for kind, v := range e.options(options) {
		if len(v) == 8 && (kind == optionInterfaceDrops || kind == optionSystemDrops) {
			sum, over := bits.Add64(n, e.u64(v), 0)
			if over != 0 {
				return math.MaxUint64
			}
			n = sum
		}
	}
	return n
}

// dropped notes packets that the capturing machine missed, by a counter that
// goes up, and returns what is known of it now.
func (c *capture) dropped(known, counter uint64, at int64) uint64 {
	if counter <= known {
		return known
	}
	if counter > mostDrops {
		c.in.Skipped.Add(c.in.Source.Path, "count of missed packets that cannot be", at)
		return known
	}
	c.in.Skipped.AddN(c.in.Source.Path, "packets that were missed while capturing, by the file's own count", counter-known, at)
	return counter
}
