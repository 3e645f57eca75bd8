package aggregate

import (
	"math/rand/v2"
	"testing"

	"flowctl/collectors/flow"
)

// want is the oracle of a table: a Go map by all that tells rows apart, with no
// hash, partition or file.
type want struct {
	rows    map[wantKey]wantRow
	sources map[int]wantSource
}

type wantKey struct {
	flow.Key
	etherType                     uint16
	point, log, target, rule, acl flow.ID
	direction                     flow.Direction
	class                         flow.Class
	encryption                    flow.Encryption
	tunnel                        flow.Tunnel
	denied                        bool
}

type wantRow struct {
	sent, received  flow.Count
	records, begins uint32
	first, last     int64
	timed           bool // one had a first time
	timedLast       bool
	ended           bool
	measured        flow.Measure // of any
	complete        flow.Measure // of all that measured anything
	counted         bool         // something was measured
	guessed, opened bool
}

type wantSource struct{ packets, ipBytes, frameBytes uint64 }

func newWant() *want { return &want{map[wantKey]wantRow{}, map[int]wantSource{}} }

func (w *want) add(source int, b flow.Batch) {
	for _, r := range b {
		k := wantKey{Key: r.Key, etherType: r.EtherType, point: r.Point, rule: r.Rule, acl: r.ACL, direction: r.Direction,
			class: r.Class, encryption: r.Encryption, tunnel: r.Tunnel, denied: r.State == flow.Deny}
		switch {
		case r.EtherType != 0:
			k.Key = flow.Key{Src: r.Src, Dst: r.Dst}
			k.class, k.target = 0, r.Target
		case r.Class == flow.Capture:
			k.target = r.Target
		default:
			if k.log = r.Log; r.Log == 0 {
				k.log = r.Target
			}
		}
		v, ok := w.rows[k]
		if !ok {
			v.complete = flow.Packets | flow.IPBytes | flow.FrameBytes
		}
		v.add(&r)
		w.rows[k] = v
		s := w.sources[source]
		s.packets += r.Sent.Packets + r.Received.Packets
		s.ipBytes += r.Sent.IPBytes + r.Received.IPBytes
		s.frameBytes += r.Sent.FrameBytes + r.Received.FrameBytes
		w.sources[source] = s
	}
}

func (v *wantRow) add(r *flow.Record) {
	v.sent.Add(r.Sent)
	v.received.Add(r.Received)
	switch {
	case r.Records > 0:
		v.records, v.begins = v.records+r.Records, v.begins+r.Begins
	default:
		v.records++
		if r.State == flow.Begin {
			v.begins++
		}
	}
	if r.First != flow.NoTime && (!v.timed || r.First < v.first) {
		v.first, v.timed = r.First, true
	}
	if r.Last != flow.NoTime && (!v.timedLast || r.Last > v.last) {
		v.last, v.timedLast = r.Last, true
	}
	v.ended = v.ended || r.State == flow.End
	if r.Measured == 0 {
		return
	}
	has := r.Measured
	if r.EtherType != 0 {
		has |= flow.IPBytes // frames without IP lack none
	}
	v.counted = true
	v.measured |= r.Measured
	v.complete &= has
	v.guessed = v.guessed || r.Guessed
	v.opened = v.opened || !r.Guessed
}

// rowsOf are the rows of a table as the oracle has them.
func rowsOf(t *testing.T, table *Table) map[wantKey]wantRow {
	t.Helper()
	table.Ready()
	got := map[wantKey]wantRow{}
	var spare Partition
	var buf []byte
	for i := range Partitions {
		p, errs := table.Partition(i, &spare, &buf)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for n := range p.Rows.N {
			r := p.Rows.At(n)
			if int(r.PairHash()%Partitions) != i {
				t.Fatalf("row %+v is in partition %d", r.Key, i)
			}
			k, v := asWanted(table, r, p.Rows.Frames(n))
			if _, twice := got[k]; twice {
				t.Fatalf("%+v has two rows", k)
			}
			got[k] = v
		}
		p.Reset(&table.Free)
		p.PassIndex(&spare)
	}
	return got
}

func asWanted(table *Table, r *Row, f FrameBytes) (wantKey, wantRow) {
	c := table.Contexts[r.Context]
	k := wantKey{
		Key:   flow.Key{Src: r.Src, Dst: r.Dst, SrcPort: r.SrcPort, DstPort: r.Port, Proto: r.Proto},
		point: c.Point, log: c.Log, target: c.Target, rule: c.Rule, acl: c.ACL, direction: c.Direction,
		encryption: c.Encryption, tunnel: c.Tunnel, denied: c.Verdict == Denied,
	}
	switch c.Class {
	case NSGLog:
		k.class = flow.NSGLog
	case Capture:
		k.class = flow.Capture
	case VNetLog:
		k.class = 0
	case NoIP:
		k.etherType, k.DstPort = r.Port, 0
	}
	v := wantRow{
		sent:     flow.Count{Packets: r.Sent.Packets, IPBytes: r.Sent.IPBytes, FrameBytes: f.Sent},
		received: flow.Count{Packets: r.Received.Packets, IPBytes: r.Received.IPBytes, FrameBytes: f.Received},
		records:  r.Records, begins: r.Begins, timed: r.First != NoFirst, timedLast: r.Last != NoLast,
		ended: r.Marks&Ended != 0, guessed: r.Marks&Guessed != 0, opened: r.Marks&Opened != 0,
	}
	if v.timed {
		v.first = r.First
	}
	if v.timedLast {
		v.last = r.Last
	}
	for m, is := range map[flow.Measure][2]bool{
		flow.Packets: {r.Marks&MeasuredPackets != 0, r.Marks.Packets()}, flow.IPBytes: {r.Marks&MeasuredIP != 0, r.Marks.IPBytes()},
		flow.FrameBytes: {r.Marks&MeasuredFrames != 0, r.Marks.Frames()},
	} {
		if is[0] {
			v.measured |= m
			v.counted = true
		}
		if is[1] {
			v.complete |= m
		}
	}
	return k, v
}

// settled lets the oracle say of what is complete only what a row can: nothing of
// what was not measured at all.
func (w *want) settled() map[wantKey]wantRow {
	out := map[wantKey]wantRow{}
	for k, v := range w.rows {
		v.complete &= v.measured
		out[k] = v
	}
	return out
}

// chance makes up records of few addresses and contexts, so that many are alike.
func chance(r *rand.Rand, names *flow.Names, n int) flow.Batch {
	address := func() flow.Addr {
		switch r.IntN(6) {
		case 0:
			return flow.Addr{Hi: 0x20010db8 << 32, Lo: uint64(r.IntN(3))}
		case 1:
			return flow.Unspecified
		}
		return flow.Addr4(10<<24 | uint32(r.IntN(5)))
	}
	text := func(list ...string) flow.ID { return names.Of(list[r.IntN(len(list))]) }
	b := make(flow.Batch, n)
	for i := range b {
		x := &b[i]
		x.Key = flow.Key{Src: address(), Dst: address(), SrcPort: uint16(r.IntN(4)), DstPort: uint16(r.IntN(3)), Proto: []uint8{6, 17}[r.IntN(2)]}
		x.First = int64(r.IntN(1000)) * 1e9
		x.Last = x.First + int64(r.IntN(100))*1e9
		if r.IntN(20) == 0 {
			x.First, x.Last = flow.NoTime, flow.NoTime
		}
		x.Point, x.Log, x.Target = text("000000000001", "000000000002", "eth0"), text("", "log"), text("", "vnet")
		x.Rule, x.ACL = text("", "allow", "deny"), text("", "nsg")
		x.State, x.Direction, x.Encryption = flow.State(r.IntN(5)), flow.Direction(r.IntN(3)), flow.Encryption(r.IntN(3))
		x.Class = []flow.Class{0, flow.NSGLog, flow.Capture}[r.IntN(3)]
		if x.Class == flow.Capture {
			x.Measured = flow.Measure(r.IntN(8))
			x.Tunnel, x.Guessed = flow.Tunnel(r.IntN(2)), r.IntN(2) == 0
			if r.IntN(4) == 0 {
				x.EtherType, x.Key = uint16(0x88cc+r.IntN(2)), flow.Key{}
				x.State = flow.Continue
				x.Measured &^= flow.IPBytes
			}
		} else if r.IntN(2) == 0 {
			x.Measured = flow.Packets | flow.IPBytes
		}
		for _, c := range []*flow.Count{&x.Sent, &x.Received} {
			if x.Measured&flow.Packets != 0 {
				c.Packets = r.Uint64N(100)
			}
			if x.Measured&flow.IPBytes != 0 {
				c.IPBytes = r.Uint64N(1e6)
			}
			if x.Measured&flow.FrameBytes != 0 {
				c.FrameBytes = r.Uint64N(1e6)
			}
		}
		if r.IntN(4) == 0 && x.EtherType == 0 { // the sum of several
			x.Records = uint32(1 + r.IntN(9))
			x.Begins = uint32(r.IntN(2))
		}
	}
	return b
}
