package parquet

import "flowctl/collectors/flow"

// minute ends the minute and begins that of a time.
func (f *grouper) minute(at int64) {
	for _, number := range f.active {
		w := &f.ofMinute[number]
		done := flow.Interval{
			Context: f.kinds.of[number/2].Context, Private: number%2 == 1, Start: f.from * 1000,
			Packets: w.packets, IPBytes: w.bytes, Begun: uint64(w.begun), Ended: uint64(w.ended), Records: uint64(w.records),
		}
		if w.measured {
			done.Measured = flow.Packets | flow.IPBytes
		}
		f.intervals = append(f.intervals, done)
		*w = interval{}
	}
	const long = int64(60e6)
	f.active = f.active[:0]
	f.from = at - (at%long+long)%long
	f.until = f.from + long
}

// give gives on the flows.
func (f *grouper) give() bool {
	n := 0
	for i := range f.flows.keys {
		if f.flows.sums[i].records == 0 {
			continue // all of it was outside
		}
		f.record(&f.out[n], f.flows.keys[i], &f.flows.sums[i])
		if n++; n == len(f.out) {
			if !f.to.Add(f.out[:n]) {
				return false
			}
			n = 0
		}
	}
	return n == 0 || f.to.Add(f.out[:n])
}

// record is what a flow adds up to.
func (f *grouper) record(r *flow.Record, k flowKey, s *flowSum) {
	c := &f.kinds.of[k.addresses>>(2*placeBits)]
	*r = flow.Record{
		Key: flow.Key{
			Src: f.address(colSource, int32(k.addresses&slotMask)), Dst: f.address(colDestination, int32(k.addresses>>placeBits&slotMask)),
			SrcPort: f.port(colSourcePort, k.ports), DstPort: f.port(colDestinationPort, k.ports>>placeBits), Proto: c.proto,
		},
		First: s.first * 1000, Last: s.last * 1000, Records: s.records, Begins: s.begins,
		Sent:      flow.Count{Packets: s.counters[0], IPBytes: s.counters[1]},
		Received:  flow.Count{Packets: s.counters[2], IPBytes: s.counters[3]},
		Direction: c.Direction, Class: c.Class, Encryption: c.Encryption, State: flow.Continue,
		Point: c.Point, Log: c.Log, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	}
	if s.measured {
		r.Measured = flow.Packets | flow.IPBytes
	}
	switch {
	case c.Denied:
		r.State = flow.Deny
	case s.ended:
		r.State = flow.End
	}
}

// address is the address at a slot.
func (f *grouper) address(col int, slot int32) flow.Addr {
	if list := f.rows.columns[col].addresses[1:]; int(slot) < len(list) {
		return list[slot]
	}
	return flow.Addr{}
}

// port is the port at a slot.
func (f *grouper) port(col int, slot uint64) uint16 {
	return uint16(f.rows.columns[col].choice(int(slot & slotMask)))
}
