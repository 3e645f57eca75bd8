package parquet

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/rle"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// full is a record with the greatest value that each of its fields has room for.
func full() flow.Record {
	count := flow.TCPCount{Retransmitted: math.MaxUint16, RetransmittedBytes: math.MaxUint32, DupACKs: math.MaxUint16,
		SYN: math.MaxUint8, SYNACK: math.MaxUint8, FIN: math.MaxUint8, RST: math.MaxUint8, ZeroWindow: math.MaxUint8, KeepAlive: math.MaxUint8}
	return flow.Record{
		Key:   flow.Key{Src: flow.Addr{Hi: math.MaxUint64, Lo: math.MaxUint64}, Dst: flow.Addr4(math.MaxUint32), SrcPort: math.MaxUint16, DstPort: math.MaxUint16, Proto: math.MaxUint8},
		First: math.MaxInt64, Last: math.MaxInt64, Measured: flow.Packets | flow.IPBytes | flow.FrameBytes, Class: flow.Capture, State: flow.Deny, Guessed: true,
		Direction: flow.Outbound, Tunnel: flow.PPPoE, Encryption: flow.EncryptionOther,
		Sent: flow.Count{Packets: flow.Huge - 1, IPBytes: flow.Huge - 1, FrameBytes: flow.Huge - 1}, Received: flow.Count{Packets: flow.Huge - 1, IPBytes: flow.Huge - 1, FrameBytes: flow.Huge - 1},
		TCP: flow.TCP{Seen: 31, Answered: math.MaxUint32, Confirmed: math.MaxUint32, Sent: count, Received: count},
	}
}

// TestGreatestValues wants the greatest and the least of everything back, each beside
// an ordinary record, and none of it taken for what cannot be.
func TestGreatestValues(t *testing.T) {
	for name, change := range map[string]func(r *flow.Record){
		"all of it":         func(*flow.Record) {},
		"the first time":    func(r *flow.Record) { r.First, r.Last = math.MinInt64+1, math.MinInt64+1 },
		"all of time":       func(r *flow.Record) { r.First = math.MinInt64 + 1 },
		"no time":           func(r *flow.Record) { r.First, r.Last = flow.NoTime, flow.NoTime },
		"no last time":      func(r *flow.Record) { r.Last = flow.NoTime },
		"no TCP":            func(r *flow.Record) { r.TCP = flow.TCP{} },
		"TCP of nothing":    func(r *flow.Record) { r.TCP = flow.TCP{Seen: flow.TCPPartly} },
		"no frames":         func(r *flow.Record) { r.Measured, r.Sent.FrameBytes, r.Received.FrameBytes = 3, 0, 0 },
		"nothing measured":  func(r *flow.Record) { r.Measured, r.Sent, r.Received = 0, flow.Count{}, flow.Count{} },
		"measured, nothing": func(r *flow.Record) { r.Sent, r.Received = flow.Count{}, flow.Count{} },
		"of no IP": func(r *flow.Record) {
			r.Src, r.Dst, r.Proto, r.EtherType, r.SrcPort, r.DstPort = flow.Addr{}, flow.Addr{}, 0, math.MaxUint16, 0, 0
		},
		"protocol 0":    func(r *flow.Record) { r.Proto, r.SrcPort, r.DstPort = 0, 0, 0 },
		"port 0 of TCP": func(r *flow.Record) { r.Proto, r.SrcPort, r.DstPort = 6, 0, 0 },
		"one way": func(r *flow.Record) {
			r.Measured, r.Sent, r.Received = 3|flow.SentOnly, flow.Count{Packets: 1, IPBytes: 40}, flow.Count{}
		},
		"the other way": func(r *flow.Record) {
			r.Measured, r.Received, r.Sent = 3|flow.ReceivedOnly, flow.Count{Packets: 1, IPBytes: 40}, flow.Count{}
		},
		"unspecified": func(r *flow.Record) { r.Src, r.Dst = flow.Unspecified, flow.Addr4(0) },
	} {
		names := flow.NewNames()
		want := []flow.Record{full(), logged(1, 1, names)[0], full()}
		change(&want[0])
		got, src, skipped, err := load(write(t, want, names, 10, Meta{}), names)
		if err != nil || len(skipped) > 0 || src.Status != flow.OK {
			t.Fatal(name, src.Status, skipped, err)
		}
		if diff := gocmp.Diff(inOrder(want), inOrder(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestWhatCannotBe adds one to the greatest value of every number of a row, in the file,
// and wants that row left out and the others kept.
func TestWhatCannotBe(t *testing.T) {
	names := flow.NewNames()
	list := []flow.Record{full(), full()}
	list[0].First, list[0].Last = 5e9+1, 5e9+1
	list[1].First, list[1].Last = 6e9+1, 6e9+1
	list[1].SrcPort--
	file := write(t, list, names, 10, Meta{})
	for col, c := range readColumns {
		if c.sort != number && c.sort != counter {
			continue
		}
		tail, err := readTail(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		var kept []uint16
		in := flow.Input{Source: &flow.Source{Records: 2}, Names: names, Skipped: &flow.Skipped{}}
		w := (&reading{r: bytes.NewReader(file), in: in, tail: tail}).worker(flow.Sink{Add: func(b flow.Batch) bool {
			for i := range b {
				kept = append(kept, b[i].SrcPort)
			}
			return true
		}})
		if err := w.load(0); err != nil {
			t.Fatal(err)
		}
		for i := range w.rows.columns {
			r := &w.rows.columns[i]
			r.ints, r.others, r.slots = slices.Clone(r.ints), slices.Clone(r.others), slices.Clone(r.slots)
		}
		r := &w.rows.columns[col]
		if r.values < 2 {
			continue // what IP packets do not have
		}
		if c.sort == counter {
			if r.ints[1] = int64(most(col)) + 1; most(col) == flow.Huge-1 { // a counter of which there may be as much: it asks for room
				r.ints[1] = -1
			}
		} else {
			r.others = append(r.others, uint32(most(col))+1)
			r.slots[1] = int32(len(r.others) - 1)
		}
		if w.rows.sound() {
			t.Errorf("%s: it is sound", c.name)
		}
		w.checked(0)
		if skipped := in.Skipped.All(); len(kept) != 1 || kept[0] != math.MaxUint16 || len(skipped) != 1 || skipped[0].Count != 1 || in.Source.Records != 1 || in.Source.Status != flow.Corrupt {
			t.Errorf("%s: kept %v, skipped %+v, %+v", c.name, kept, skipped, in.Source)
		}
	}
}

// TestTimely compares what nanoseconds can say with numbers that have no end.
func TestTimely(t *testing.T) {
	for _, us := range []int64{0, 1, -1, farthest, farthest - 1, farthest + 1, -farthest, -farthest - 1, -farthest - 2, math.MaxInt64, math.MinInt64} {
		for _, ns := range []uint32{0, 1, 191, 192, 193, 806, 807, 808, 999} {
			at := new(big.Int).Add(new(big.Int).Mul(big.NewInt(us), big.NewInt(1000)), big.NewInt(int64(ns)))
			want := at.IsInt64() && at.Int64() != flow.NoTime
			if got := timely(us, ns); got != want && at.Cmp(big.NewInt(flow.NoTime)) != 0 {
				t.Errorf("%d µs and %d ns: %v, want %v", us, ns, got, want)
			}
		}
	}
}

// TestLevelsLaw wants which rows have a value to come back as it was written, in runs of
// every length.
func TestLevelsLaw(t *testing.T) {
	for seed := range flowtest.Seeds(120) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := 1 + r.IntN(300)
		there := make([]uint8, n)
		for i, v := 0, r.IntN(2); i < n; v ^= 1 {
			for range 1 + r.IntN([]int{1, 3, 40, 300}[r.IntN(4)]) {
				if i < n {
					there[i] = uint8(v)
					i++
				}
			}
		}
		w := columnWriter{there: there}
		ones := 0
		for _, v := range there {
			ones += int(v)
		}
		levels := slices.Clone(w.some(ones))
		if !bounded(levels, 1, n) || oneRun(levels, n) != (ones == n) {
			t.Fatalf("seed %d: %d of %d: bounded %v, one run %v", seed, ones, n, bounded(levels, 1, n), oneRun(levels, n))
		}
		back, err := (&rle.Encoding{BitWidth: 1}).DecodeLevels(nil, levels)
		if err != nil || !slices.Equal(back[:n], there) {
			t.Fatalf("seed %d: %v, want %v; %v", seed, back, there, err)
		}
	}
	z, _ := zstd.NewReader(nil)
	for _, n := range []int{0, 1, 1 << 17, 1<<17 + 1, 1 << 18, 3<<17 + 5} { // stored blocks of 128 KiB
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i * 7 >> 3)
		}
		var b []byte
		for part := range frame(data) {
			b = append(b, part...)
		}
		if back, err := z.DecodeAll(b, nil); err != nil || !bytes.Equal(back, data) {
			t.Errorf("%d bytes: %d come back, %v", n, len(back), err)
		}
	}
}

// TestGreatestSlot wants the greatest of slots, and a great number where one is negative.
func TestGreatestSlot(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 8))
	for range 500 {
		list := make([]int32, r.IntN(20))
		want := 0
		for i := range list {
			list[i] = r.Int32N(100)
			want = max(want, int(list[i]))
		}
		if got := greatest(list); got != want {
			t.Fatalf("%v: %d, want %d", list, got, want)
		}
		if len(list) > 0 {
			list[r.IntN(len(list))] = -1 - r.Int32N(5)
			if got := greatest(list); got <= mostSlots {
				t.Fatalf("%v: %d", list, got)
			}
		}
	}
}

// TestRowsWithin wants of a window of every kind what counts and how much does not, of
// rows that are added up and of those that are not.
func TestRowsWithin(t *testing.T) {
	names := flow.NewNames()
	list := logged(9, 2000, names)
	file := write(t, list, names, 300, Meta{})
	for seed := range flowtest.Seeds(20) {
		r := rand.New(rand.NewPCG(seed, 9))
		start := int64(1793491200e9) + r.Int64N(700)*1e9 - 50e9
		end := start + r.Int64N(500)*1e9
		var inside, bytesOf uint64
		for i := range list {
			if x := &list[i]; x.State != flow.StateUnknown && x.First >= start && x.First < end {
				inside++
				bytesOf += x.Sent.IPBytes
			}
		}
		counted, got := uint64(0), uint64(0)
		cache := &aggregate.Cache{Intervals: func([]flow.Interval) {}, Start: start, End: end}
		in := flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}, Cache: cache}
		err := ReadAt(bytes.NewReader(file), int64(len(file)), in, flow.Workers{Main: func(b flow.Batch) bool {
			for i := range b {
				if b[i].State != flow.StateUnknown {
					counted += uint64(max(1, b[i].Records))
					got += b[i].Sent.IPBytes
				}
			}
			return true
		}})
		if err != nil || counted != inside || got != bytesOf {
			t.Fatalf("seed %d: %d rows and %d bytes, want %d and %d; %v", seed, counted, got, inside, bytesOf, err)
		}
	}
}
