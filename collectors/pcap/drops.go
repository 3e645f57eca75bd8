package pcap

// The options of interface statistics that count what was dropped.
const (
	optionInterfaceDrops = 5 // isb_ifdrop
	optionSystemDrops    = 7 // isb_osdrop
)

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

// drops adds up the options that count drops.
func (e endian) drops(options []byte) uint64 {
	var n uint64
	for kind, v := range e.options(options) {
		if len(v) == 8 && (kind == optionInterfaceDrops || kind == optionSystemDrops) {
			n += e.u64(v)
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
	c.in.Skipped.AddN(c.in.Source.Path, "packets that were missed while capturing, by the file's own count", counter-known, at)
	return counter
}
