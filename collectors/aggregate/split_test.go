package aggregate

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// storedRows makes up rows as tables have them, each key once.
func storedRows(r *rand.Rand, n, pairs int) map[Key]Row {
	rows := map[Key]Row{}
	for range n {
		k := Key{Src: flow.Addr4(1), Dst: flow.Addr4(uint32(2 + r.IntN(pairs))), Port: uint16(r.IntN(50)), SrcPort: uint16(r.IntN(1 << 16)), Proto: 6, Context: uint32(r.IntN(3))}
		switch r.IntN(5) {
		case 0:
			k.Src, k.Dst, k.SrcPort, k.Port = k.Dst, k.Src, k.Port, k.SrcPort
		case 1:
			k.Src.Hi = 7 << 40
		}
		row := Row{Key: k, First: int64(r.Uint64()), Last: int64(r.Uint64()), Records: r.Uint32(), Begins: r.Uint32() >> r.IntN(32), Flows: 1, Marks: Marks(r.IntN(1 << 9))}
		if r.IntN(3) > 0 {
			row.Sent, row.Received = Wire{r.Uint64(), r.Uint64N(9)}, Wire{0, r.Uint64() >> r.IntN(64)}
		}
		rows[k] = row
	}
	return rows
}

// framesOf is what a test says of a row's frames: of every second one there are some.
func framesOf(k *Key) FrameBytes {
	if k.SrcPort%2 == 0 {
		return FrameBytes{}
	}
	return FrameBytes{uint64(k.SrcPort), 1}
}

// TestStoredRow reads rows back as they were written.
func TestStoredRow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	rows := storedRows(r, 2000, 40)
	var b []byte
	var order []Row
	for k, row := range rows {
		b = AppendRow(b, &row, framesOf(&k))
		order = append(order, row)
	}
	d := Decoder{b}
	for i := range order {
		got, f := d.Row()
		if got != order[i] || f != framesOf(&order[i].Key) {
			t.Fatalf("row %d: %+v with %v, want %+v", i, got, f, order[i])
		}
	}
	if len(d.B) > 0 {
		t.Errorf("%d bytes are left", len(d.B))
	}
}

// TestSplit wants of a split all rows once, those of a flow in one piece, those of a
// pair in one as well unless it has pieces of its own, and no piece much too large.
func TestSplit(t *testing.T) {
	tests := map[string]struct{ rows, pairs, heavy, most int }{
		"one pair":           {20_000, 1, 1, 2000},
		"three heavy pairs":  {30_000, 3, 3, 4000},
		"many pairs":         {20_000, 3000, 0, 2000},
		"all fits":           {500, 20, 0, 2000},
		"nothing":            {0, 1, 0, 100},
		"more pairs counted": {40_000, 3 * mostWeighed, 0, 5000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rows := storedRows(rand.New(rand.NewPCG(2, uint64(tt.rows))), tt.rows, tt.pairs)
			var shelf Shelf
			for k, row := range rows {
				shelf.Add(3, &row, framesOf(&k))
			}
			stored := shelf.Stored(3)
			if n := stored.Rows(); n < len(rows)*2/3 || n > len(rows)*2 {
				t.Errorf("%d rows are said to be %d", len(rows), n)
			}
			var buf []byte
			s, errs := stored.Split(tt.most, &buf)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			pieces := [][]int{}
			for _, h := range append(s.Heavy(), s.Whole()) {
				var list []int
				for i := range h.N {
					list = append(list, h.First+i)
				}
				pieces = append(pieces, list)
			}
			// A pair with an address of IPv6 is another one.
			if got := len(s.Heavy()); tt.heavy > 0 && got < tt.heavy || tt.heavy == 0 && got > 0 {
				t.Errorf("%d pairs are in several pieces, want %d", got, tt.heavy)
			}
			checkPieces(t, s, pieces, rows, tt.most)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := shelf.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func checkPieces(t *testing.T, s *Split, pieces [][]int, want map[Key]Row, most int) {
	t.Helper()
	var free Pool
	var buf []byte
	got := map[Key]Row{}
	flows, pairs := map[uint64]int{}, map[ends]int{}
	for group, list := range pieces {
		for _, piece := range list {
			var p Partition
			if errs := s.Load(piece, &p, &free, &buf); len(errs) > 0 {
				t.Fatal(errs)
			}
			if p.Rows.N > 2*most {
				t.Errorf("piece %d has %d rows, of at most about %d", piece, p.Rows.N, most)
			}
			for i := range p.Rows.N {
				r := *p.Rows.At(i)
				if f := p.Rows.Frames(i); f != framesOf(&r.Key) {
					t.Fatalf("frames %v of %+v", f, r.Key)
				}
				got[r.Key] = r
				once(t, flows, flowHash(r.Src, r.Dst, r.SrcPort, r.Port, r.Proto), piece)
				in := -1 - group // a pair of many pieces
				if group == len(pieces)-1 {
					in = piece
				}
				once(t, pairs, r.ends(), in)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%.2000s", diff)
	}
}

// once notes where something is, which is to be in one place.
func once[K comparable](t *testing.T, at map[K]int, k K, place int) {
	t.Helper()
	if was, ok := at[k]; ok && was != place {
		t.Fatalf("%v is in %d and in %d", k, was, place)
	}
	at[k] = place
}

// TestShelf merges what lies in files and what does not.
func TestShelf(t *testing.T) {
	rows := storedRows(rand.New(rand.NewPCG(3, 3)), 5000, 10)
	var a, b Shelf
	n := 0
	for k, row := range rows {
		s := &a
		if n++; n > 3000 {
			s = &b
		}
		s.Add(n%2, &row, framesOf(&k))
	}
	if len(a.files) != 1 || len(b.files) != 1 {
		t.Fatal("the test needs files")
	}
	a.Merge(&b)
	if b.files != nil || b.Stored(0).Rows() != 0 {
		t.Error("what was merged is still there")
	}
	var free Pool
	var buf []byte
	got := map[Key]Row{}
	for part := range 3 {
		var p Partition
		if errs := a.Stored(part).Load(&p, &free, &buf); len(errs) > 0 {
			t.Fatal(errs)
		}
		for i := range p.Rows.N {
			got[p.Rows.At(i).Key] = *p.Rows.At(i)
		}
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("rows (-want +got):\n%.2000s", diff)
	}
	file := a.files[0].File.Name()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if errs := a.Stored(0).Load(new(Partition), &free, &buf); len(errs) == 0 {
		t.Errorf("%s is closed, and its rows are not said to be lost", file)
	}
}

// TestWeigher never counts too many of a pair, and misses few of one with many.
func TestWeigher(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var w weigher
	real := map[ends]int{}
	for range 60_000 {
		n := uint32(r.IntN(3 * mostWeighed))
		if r.IntN(3) == 0 {
			n = uint32(r.IntN(4))
		}
		k := Key{Src: flow.Addr4(n), Dst: flow.Addr4(1 << 31)}
		if r.IntN(2) == 0 {
			k.Src, k.Dst = k.Dst, k.Src
		}
		w.add(k.ends())
		real[k.ends()]++
	}
	if w.total != 60_000 {
		t.Errorf("%d in total", w.total)
	}
	for pair, n := range real {
		if got := w.counts[pair]; got > n || got < n-w.total/mostWeighed {
			t.Fatalf("%v has %d rows and is said to have %d", pair, n, got)
		}
	}
}

// TestSlab keeps rows where they are while others come, and takes up what was given back.
func TestSlab(t *testing.T) {
	var free Pool
	var s Slab
	var at []*Row
	for i := range 3 * ChunkRows {
		n := s.Add(&Row{Records: uint32(i)}, &free)
		at = append(at, s.At(n))
		if i%100 == 7 {
			s.AddFrames(n, FrameBytes{1, uint64(i)})
			s.AddFrames(n, FrameBytes{1, 0})
		}
	}
	for i, r := range at {
		want := FrameBytes{}
		if i%100 == 7 {
			want = FrameBytes{2, uint64(i)}
		}
		if r.Records != uint32(i) || s.At(i) != r || s.Frames(i) != want {
			t.Fatalf("row %d moved or changed", i)
		}
	}
	chunks := slices.Clone(s.Chunks)
	free.Put(&s)
	if s.N != 0 || len(s.Chunks) != 0 {
		t.Error("what was given back is still there")
	}
	var next Slab
	next.Add(&Row{}, &free)
	if !slices.Contains(chunks, next.Chunks[0]) || next.Frames(0) != (FrameBytes{}) {
		t.Error("memory that was given back is not used")
	}
}
