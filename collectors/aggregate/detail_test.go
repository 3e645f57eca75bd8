package aggregate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// TestWatch knows a flow by its 5-tuple from either side, and no other.
func TestWatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 10))
	key := func() Key {
		return Key{Src: flow.Addr4(uint32(r.IntN(4))), Dst: flow.Addr4(uint32(r.IntN(4))), SrcPort: uint16(r.IntN(3)), Port: uint16(r.IntN(3)), Proto: uint8(6 + r.IntN(2))}
	}
	asked := func(k Key) flow.Key {
		return flow.Key{Src: k.Src, Dst: k.Dst, SrcPort: k.SrcPort, DstPort: k.Port, Proto: k.Proto}
	}
	turned := func(k Key) Key { k.Src, k.Dst, k.SrcPort, k.Port = k.Dst, k.Src, k.Port, k.SrcPort; return k }
	var a, b Watch
	in := map[Key]bool{}
	for i := range 60 {
		k := key()
		in[k], in[turned(k)] = true, true
		if i%2 == 0 {
			a.Add(&k)
		} else {
			b.Add(&k)
		}
	}
	a.Merge(&b)
	for range 2000 {
		k := key()
		q := asked(k)
		if a.Has(&q) != in[k] {
			t.Fatalf("%+v is watched: %t, want %t", k, a.Has(&q), in[k])
		}
	}
	if n := a.Len(); n == 0 || n > len(in) || n < len(in)/2 {
		t.Errorf("%d flows of %d keys", n, len(in))
	}
	var none Watch
	if q := asked(key()); none.Has(&q) || none.Len() != 0 {
		t.Error("nothing is watched")
	}
}

// TestDetail cuts rows into what was seen second by second: in any order and parts
// the same, and added up again the row.
func TestDetail(t *testing.T) {
	for seed := range flowtest.Seeds(30) {
		r := rand.New(rand.NewPCG(seed, 11))
		names := flow.NewNames()
		table := New(names)
		var one, a, b Detail
		var all flow.Batch
		for range 200 {
			at := r.Int64N(50e9) - 25e9
			x := flow.Record{Key: flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: uint16(r.IntN(2)), DstPort: 443, Proto: 6}, First: at - r.Int64N(3e9), Last: at,
				Point: names.Of("x"), Measured: flow.Packets | flow.IPBytes | flow.FrameBytes, State: []flow.State{flow.Begin, flow.Continue, flow.End}[r.IntN(3)],
				Sent: flow.Count{Packets: r.Uint64N(9), IPBytes: r.Uint64N(99), FrameBytes: 7}, Received: flow.Count{Packets: 1}}
			all = append(all, x)
		}
		for i := range all {
			n := table.Number(&all[i])
			one.Add(&all[i], n)
			if r.IntN(2) == 0 {
				a.Add(&all[i], n)
			} else {
				b.Add(&all[i], n)
			}
		}
		a.Merge(&b)
		table.Add(0, all)
		table.Ready()
		checked := 0
		for i := range table.Parts {
			p := &table.Parts[i]
			for n := range p.Rows.N {
				row := p.Rows.At(n)
				list := one.Of(&row.Key, row, false)
				if diff := cmp.Diff(list, a.Of(&row.Key, row, true)); diff != "" {
					t.Fatalf("seed %d: in parts (-one +parts):\n%s", seed, diff)
				}
				if !slices.IsSortedFunc(list, func(x, y Moment) int { return int(x.Second - y.Second) }) || len(list) < 2 {
					t.Fatalf("seed %d: %d moments, or not in their order", seed, len(list))
				}
				for _, m := range list {
					if last := int64(math.Floor(float64(m.Last) / 1e9)); last != m.Second || m.First > m.Last {
						t.Fatalf("a moment of second %d is from %d to %d", m.Second, m.First, m.Last)
					}
				}
				sum, frames := row.Take(list)
				if diff := cmp.Diff(*row, sum); diff != "" || frames != p.Rows.Frames(n) {
					t.Fatalf("seed %d: added up (-row +sum):\n%s", seed, diff)
				}
				half := *row
				half.Records, half.Sent.Packets = row.Records-1, row.Sent.Packets-1
				if one.Of(&row.Key, &half, false) != nil {
					t.Fatal("a row of which less was seen again has moments")
				}
				checked++
			}
		}
		if checked != 2 {
			t.Fatalf("%d rows", checked)
		}
	}
	var none *Detail
	if none.Of(&Key{}, &Row{}, false) != nil {
		t.Error("nothing has moments")
	}
	var empty Detail
	empty.Merge(&Detail{})
}

// TestRowSides turns rows, joins them, and makes one moment of one.
func TestRowSides(t *testing.T) {
	r := Row{Key: Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: 3, Port: 4, Proto: 6}, Sent: Wire{5, 6}, Received: Wire{7, 8},
		First: -1, Last: 3e9, Records: 9, Begins: 2, Flows: 1, Marks: MeasuredPackets}
	f := FrameBytes{10, 11}
	turned, g := r.Flipped(f)
	if turned.Src != r.Dst || turned.Port != r.SrcPort || turned.Sent != r.Received || g != (FrameBytes{11, 10}) {
		t.Errorf("turned: %+v, %v", turned, g)
	}
	if back, h := turned.Flipped(g); back != r || h != f {
		t.Error("turned twice it is another one")
	}
	if !r.SamePair(&turned) || r.Compare(&turned.Key) >= 0 || turned.Compare(&r.Key) <= 0 || r.Compare(&r.Key) != 0 {
		t.Error("a row and the turned one are of one pair, in an order")
	}
	m := MomentOf(&r, f)
	if again, h := r.Take([]Moment{m}); again != r || h != f || m.Second != 3 {
		t.Errorf("of one moment: %+v", again)
	}
	o := r
	o.Records, o.Flows, o.First, o.Marks = math.MaxUint32, 4, -5, Ended
	if r.Join(&o); r.Records != math.MaxUint32 || r.Flows != 5 || r.First != -5 || r.Sent.Packets != 10 || r.Marks != MeasuredPackets|Ended {
		t.Errorf("joined: %+v", r)
	}
}

// TestMarks says of sums what was measured of all of them.
func TestMarks(t *testing.T) {
	all := marksOf(&flow.Record{Measured: flow.Packets | flow.IPBytes | flow.FrameBytes})
	some := marksOf(&flow.Record{Measured: flow.Packets})
	none := marksOf(&flow.Record{})
	frame := marksOf(&flow.Record{Measured: flow.Packets | flow.FrameBytes, EtherType: 0x88cc})
	for name, tt := range map[string]struct {
		m                       Marks
		packets, bytes, framing bool
	}{
		"all": {all, true, true, true}, "packets": {some, true, false, false}, "nothing": {none, false, false, false},
		"all and packets": {all | some, true, false, false}, "all and nothing": {all | none, true, true, true},
		"frames without IP": {frame, true, false, true}, "frames and all": {frame | all, true, true, true},
	} {
		if tt.m.Packets() != tt.packets || tt.m.IPBytes() != tt.bytes || tt.m.Frames() != tt.framing {
			t.Errorf("%s: packets %t, IP bytes %t, frames %t", name, tt.m.Packets(), tt.m.IPBytes(), tt.m.Frames())
		}
	}
	if marksOf(&flow.Record{Measured: flow.Packets, Guessed: true})&(Guessed|Opened) != Guessed {
		t.Error("who opened it was guessed")
	}
}

// TestDetailLaws wants moments to add up to their row, whoever saw the records and in
// whatever order, to be in order, and to be none where something was not seen again.
func TestDetailLaws(t *testing.T) {
	for seed := range flowtest.Seeds(30) {
		r := rand.New(rand.NewPCG(seed, 13))
		all := make(flow.Batch, 1+r.IntN(200))
		for i := range all {
			at := r.Int64N(40)*1e9 + r.Int64N(1e9)
			all[i] = flow.Record{
				Key:   flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(uint32(2 + r.IntN(3))), SrcPort: uint16(r.IntN(2)), DstPort: 443, Proto: 6},
				First: at, Last: at, State: flow.Continue, Measured: flow.Packets | flow.IPBytes, Sent: flow.Count{Packets: r.Uint64N(9), IPBytes: r.Uint64N(900)},
			}
		}
		details := make([]*Detail, 1+r.IntN(4))
		for i := range details {
			details[i] = &Detail{}
		}
		for _, i := range r.Perm(len(all)) {
			details[r.IntN(len(details))].Add(&all[i], 0)
		}
		var whole Detail
		for _, i := range r.Perm(len(details)) {
			whole.Merge(details[i])
		}
		table := New(flow.NewNames())
		table.Add(0, all)
		table.Flush()
		checked := 0
		for i := range table.Parts {
			rows := &table.Parts[i].Rows
			for n := range rows.N {
				row := rows.At(n)
				list := whole.Of(&row.Key, row, false)
				sum, _ := row.Take(list)
				if sum != *row {
					t.Fatalf("seed %d: moments add up to %+v, want %+v", seed, sum, *row)
				}
				for k := 1; k < len(list); k++ {
					if list[k-1].Second >= list[k].Second {
						t.Fatalf("seed %d: second %d comes before %d", seed, list[k-1].Second, list[k].Second)
					}
				}
				more := *row
				more.Records++
				if whole.Of(&row.Key, &more, false) != nil || whole.Of(&row.Key, &more, true) == nil {
					t.Fatalf("seed %d: what was not seen again has moments, or what a capture was cut into has none", seed)
				}
				checked++
			}
		}
		if checked == 0 {
			t.Fatal("no row")
		}
	}
}

// TestWatchLaws wants a set of flows to have what was added to any of its parts, in
// both directions, and nothing else.
func TestWatchLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 13))
	parts := []*Watch{{}, {}, {}}
	flows := map[flow.Key]bool{}
	for i := range 300 {
		k := flow.Key{Src: flow.Addr4(r.Uint32N(20)), Dst: flow.Addr4(100 + r.Uint32N(20)), SrcPort: uint16(r.IntN(5)), DstPort: 443, Proto: 6}
		if i%2 == 0 {
			row := Key{Src: k.Src, Dst: k.Dst, SrcPort: k.SrcPort, Port: k.DstPort, Proto: k.Proto, Context: r.Uint32()}
			parts[r.IntN(3)].Add(&row)
			flows[k] = true
		} else if !flows[k] {
			flows[k] = false
		}
	}
	var all Watch
	for _, p := range parts {
		all.Merge(p)
	}
	all.Merge(&Watch{})
	n := 0
	for k, in := range flows {
		turned := flow.Key{Src: k.Dst, Dst: k.Src, SrcPort: k.DstPort, DstPort: k.SrcPort, Proto: k.Proto}
		other := k
		other.Proto = 17
		if all.Has(&k) != in || all.Has(&turned) != in || all.Has(&other) {
			t.Fatalf("%+v is in %t, the other way %t, over UDP %t; want %t", k, all.Has(&k), all.Has(&turned), all.Has(&other), in)
		}
		if in {
			n++
		}
	}
	if all.Len() != n {
		t.Errorf("%d flows, want %d", all.Len(), n)
	}
}
