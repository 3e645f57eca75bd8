package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// columnFile is a file of one row group with one column, whose pages are sound but for
// what was changed of the values, and what a reader has of it.
func columnFile(t *testing.T, col int, v chunkValues, change func(*format.ColumnMetaData)) (out read, err error) {
	t.Helper()
	var p pages
	k := p.add(col, v)
	if p.err != nil {
		t.Fatal(p.err)
	}
	file := append(bytes.Clone(magic), p.out...)
	c := k.describe(columns[col], int64(len(magic)))
	if change != nil {
		change(&c.MetaData)
	}
	tail := &tail{size: int64(len(file)), meta: format.FileMetaData{RowGroups: thrift.Slice[format.RowGroup]{{NumRows: int64(v.rows), Columns: thrift.Slice[format.ColumnChunk]{c}}}}}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r := columnReader{r: bytes.NewReader(file), tail: tail, names: flow.NewNames(), zstd: z}
	r.begin()
	err = guard(func() error { return r.read(0, col, &out) })
	return out, err
}

// runs says of rows which have a value.
func runs(there ...uint8) []byte {
	w := columnWriter{there: there}
	n := 0
	for _, v := range there {
		n += int(v)
	}
	return w.some(n)
}

// words are a dictionary of texts.
func words(list ...string) (e entries) {
	for _, s := range list {
		e.appendText([]byte(s))
	}
	return e
}

func ciphers(list ...uint32) (e entries) {
	for _, n := range list {
		e.appendNumber(n)
	}
	return e
}

// TestDamagedColumns wants columns whose pages are whole and whose values make no sense to
// be refused, and those beside them that do to be read.
func TestDamagedColumns(t *testing.T) {
	all := runs(1, 1, 1)
	for name, tt := range map[string]struct {
		col    int
		values chunkValues
		change func(*format.ColumnMetaData)
		want   string // part of the error; empty if it is read
	}{
		"texts":                           {colRule, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 1}, dictionary: words("a", "b")}, nil, ""},
		"texts, of which one is null":     {colRule, chunkValues{rows: 3, levels: runs(1, 0, 1), indices: []int32{0, 1}, dictionary: words("a", "b")}, nil, ""},
		"no text at all":                  {colRule, chunkValues{rows: 3, levels: runs(0, 0, 0)}, nil, ""},
		"a slot behind the dictionary":    {colRule, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 2}, dictionary: words("a", "b")}, nil, "damaged"},
		"fewer slots than rows":           {colRule, chunkValues{rows: 30, levels: runs(slices.Repeat([]uint8{1}, 30)...), indices: []int32{0, 1}, dictionary: words("a", "b")}, nil, "damaged"},
		"fewer levels than rows":          {colRule, chunkValues{rows: 30, levels: runs(1, 0, 1, 1), indices: []int32{0, 1, 1}, dictionary: words("a", "b")}, nil, "damaged"},
		"levels of many more rows":        {colRule, chunkValues{rows: 3, levels: runs(append(slices.Repeat([]uint8{1, 0}, 40), 1)...), indices: []int32{0, 1, 1}, dictionary: words("a", "b")}, nil, "damaged"},
		"no dictionary":                   {colRule, chunkValues{rows: 3, levels: all, indices: []int32{0, 0, 0}, dictionary: entries{size: 1}}, nil, "damaged"},
		"addresses":                       {colSource, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 2}, dictionary: words("10.0.0.4", "fd00::1", "::")}, nil, ""},
		"an address that is none":         {colSource, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 1}, dictionary: words("10.0.0.4", "10.0.0.256")}, nil, `"10.0.0.256" is no address`},
		"an address that is empty":        {colDestination, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 1}, dictionary: words("", "10.0.0.4")}, nil, `"" is no address`},
		"a state":                         {colState, chunkValues{rows: 3, levels: all, indices: []int32{0, 0, 0}, dictionary: words("begin")}, nil, ""},
		"a state that there is not":       {colState, chunkValues{rows: 3, levels: all, indices: []int32{0, 0, 0}, dictionary: words("paused")}, nil, `"paused" is no value of it`},
		"a state that is unknown":         {colState, chunkValues{rows: 3, levels: all, indices: []int32{0, 0, 0}, dictionary: words("unknown")}, nil, `"unknown" is no value of it`},
		"an encryption of its own":        {colEncryption, chunkValues{rows: 3, levels: all, indices: []int32{0, 0, 0}, dictionary: words("NX_FUTURE")}, nil, ""},
		"ports":                           {colSourcePort, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 1}, dictionary: ciphers(0, 65535)}, nil, ""},
		"a port that there is not":        {colSourcePort, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 1}, dictionary: ciphers(0, 65536)}, nil, "65536 is no value of it"},
		"a negative port":                 {colSourcePort, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 1}, dictionary: ciphers(0, 1<<32-1)}, nil, "-1 is no value of it"},
		"half a port":                     {colSourcePort, chunkValues{rows: 3, levels: all, indices: []int32{0, 0, 0}, dictionary: entries{plain: []byte{1, 0, 0, 0, 2, 0}, size: 2}}, nil, "damaged"},
		"a text that is cut":              {colRule, chunkValues{rows: 3, levels: all, indices: []int32{0, 0, 0}, dictionary: entries{plain: []byte{9, 0, 0, 0, 'a'}, size: 1}}, nil, ""},
		"counters":                        {colSentPackets, chunkValues{rows: 3, levels: runs(1, 0, 1), ints: []int64{7, -3}}, nil, ""},
		"more counters than rows":         {colSentPackets, chunkValues{rows: 3, levels: all, ints: []int64{7, 8, 9, 10}}, nil, "damaged"},
		"fewer counters than rows":        {colSentPackets, chunkValues{rows: 3, levels: all, ints: []int64{7, 8}}, nil, "damaged"},
		"truths":                          {colGuessed, chunkValues{rows: 3, indices: []int32{1, 0, 1}}, nil, ""},
		"fewer truths than rows":          {colGuessed, chunkValues{rows: 30, indices: []int32{1, 0, 1}}, nil, "damaged"},
		"another number of rows":          {colSentPackets, chunkValues{rows: 3, levels: all, ints: []int64{7, 8, 9}}, func(m *format.ColumnMetaData) { m.NumValues = 4 }, "does not write"},
		"said to have no value":           {colSentPackets, chunkValues{rows: 3, levels: all, ints: []int64{7, 8, 9}}, func(m *format.ColumnMetaData) { m.Statistics.NullCount = 3 }, "none"},
		"a page that begins in the magic": {colSentPackets, chunkValues{rows: 3, levels: all, ints: []int64{7, 8, 9}}, func(m *format.ColumnMetaData) { m.DataPageOffset = 0 }, "damaged"},
		"a page that is cut":              {colSentPackets, chunkValues{rows: 3, levels: all, ints: []int64{7, 8, 9}}, func(m *format.ColumnMetaData) { m.TotalCompressedSize-- }, "damaged"},
		"a page of nothing":               {colSentPackets, chunkValues{rows: 3, levels: all, ints: []int64{7, 8, 9}}, func(m *format.ColumnMetaData) { m.TotalCompressedSize = 0 }, "damaged"},
		"a dictionary in the place of it": {colRule, chunkValues{rows: 3, levels: all, indices: []int32{0, 1, 1}, dictionary: words("a", "b")}, func(m *format.ColumnMetaData) { m.TotalCompressedSize = m.DataPageOffset - m.DictionaryPageOffset }, "damaged"},
	} {
		tail := tt.change
		out, err := columnFile(t, 0+tt.col, tt.values, func(m *format.ColumnMetaData) {
			if tail != nil {
				tail(m)
			}
		})
		switch {
		case tt.want == "none": // as the footer says
			if err != nil || out.values != 0 {
				t.Errorf("%s: %d values, %v", name, out.values, err)
			}
		case name == "a text that is cut":
			if err == nil {
				t.Errorf("%s: read", name)
			}
		case tt.want != "":
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %s", name, err, tt.want)
			}
		case err != nil || out.values != tt.values.count() || len(out.there) != tt.values.rows:
			t.Errorf("%s: %d values of %d rows, %v", name, out.values, len(out.there), err)
		default:
			if c := columns[tt.col]; c.wide() && !slices.Equal(out.ints, tt.values.ints) || !c.wide() && len(tt.values.indices) > 0 && !slices.Equal(out.slots, tt.values.indices) {
				t.Errorf("%s: %v %v, want %v %v", name, out.ints, out.slots, tt.values.ints, tt.values.indices)
			}
		}
	}
}

// TestDifferences writes integers of every size in numbers around those of a block, and
// wants them back, as this package reads them and as the specification has it.
func TestDifferences(t *testing.T) {
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 81))
		n := []int{1, 2, 31, 32, 33, 127, 128, 129, 130, 257, 1000}[seed%11]
		list := make([]int64, n)
		for i := range list {
			list[i] = int64(r.Uint64()) >> r.IntN(64)
			if i > 0 && r.IntN(3) == 0 {
				list[i] = list[i-1]
			}
		}
		var p pages
		v := chunkValues{rows: n, levels: runs(slices.Repeat([]uint8{1}, n)...), ints: list}
		p.values(columns[colSentPackets], &v, format.DeltaBinaryPacked)
		data := p.data[4+binary.LittleEndian.Uint32(p.data):]
		if got := deltaPlainly(data); !slices.Equal(got, list) {
			t.Fatalf("seed %d: by the specification %v, want %v", seed, got, list)
		}
		out, err := columnFile(t, colSentPackets, v, nil)
		if err != nil || !slices.Equal(out.ints, list) {
			t.Fatalf("seed %d: %v, want %v; %v", seed, out.ints, list, err)
		}
	}
}

// TestEveryByteOfPages changes each byte of a small file's pages, and wants the row group
// that has it left out whole and the others kept, and cuts the file at each byte, which
// leaves nothing of it.
func TestEveryByteOfPages(t *testing.T) {
	names := flow.NewNames()
	list := logged(3, 24, names)
	sound := write(t, list, names, 8, Meta{})
	file, err := plainly(sound)
	if err != nil {
		t.Fatal(err)
	}
	whole, _, _, err := load(sound, names)
	if err != nil {
		t.Fatal(err)
	}
	ends := []int64{}
	for _, g := range file.meta.RowGroups {
		ends = append(ends, g.FileOffset+g.TotalCompressedSize)
	}
	r := rand.New(rand.NewPCG(1, 82))
	lost := 0
	for at := int64(len(magic)); at < ends[2]; at += 1 + r.Int64N(40) {
		b := bytes.Clone(sound)
		b[at] ^= byte(1 + r.IntN(255))
		got, src, skipped, err := load(b, names)
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		g, _ := slices.BinarySearch(ends, at+1)
		kept := slices.Concat(whole[:8*g], whole[8*g+8:])
		if len(got) == len(whole) { // of a column without a value, or of a header: it says the same
			kept = whole
		} else if lost++; src.Status != flow.Corrupt || len(skipped) != 1 || skipped[0].Count != 8 {
			t.Fatalf("byte %d: %s, %+v", at, src.Status, skipped)
		}
		if diff := gocmp.Diff(kept, got); diff != "" {
			t.Fatalf("byte %d, of group %d (-want +got):\n%.1500s", at, g, diff)
		}
	}
	if lost < 50 {
		t.Errorf("%d changes were found", lost)
	}
	for at := range len(sound) {
		if at%97 > 0 && at < len(sound)-12 {
			continue
		}
		if got, src, _, err := load(sound[:at], names); err == nil || len(got) > 0 || src.Status != flow.Unreadable {
			t.Fatalf("cut at %d: %d rows, %s, %v", at, len(got), src.Status, err)
		}
	}
}

// TestFooterTooLarge wants a footer that no reader would take to be refused by who writes
// it, and one that states more than there is by who reads it.
func TestFooterTooLarge(t *testing.T) {
	names := flow.NewNames()
	for room, wrong := range map[int]bool{1 << 20: false, 10_000: true} {
		w, err := newWriter(io.Discard, names, nil, 10)
		if err != nil {
			t.Fatal(err)
		}
		w.most = room
		w.Add(logged(1, 5, names))
		_, err = w.Close(Meta{Inventories: []byte(`"` + strings.Repeat("x", 20_000) + `"`)})
		if wrong != (err != nil && strings.Contains(err.Error(), "of more than 10000 nobody would read it")) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
		if wrong {
			if _, again := w.Close(Meta{}); again == nil {
				t.Error("a second time it is written")
			}
		}
	}
	sound := write(t, logged(1, 5, names), names, 10, Meta{})
	for _, n := range []uint32{uint32(len(sound)), uint32(len(sound)) - 11, mostTail + 1, 1<<32 - 1} {
		b := bytes.Clone(sound)
		binary.LittleEndian.PutUint32(b[len(b)-8:], n)
		if _, src, _, err := load(b, names); err == nil || err.Error() != fmt.Sprintf("the footer is damaged: it states %d bytes of itself in a file of %d", n, len(b)) || src.Status != flow.Unreadable {
			t.Errorf("a footer of %d bytes: %v", n, err)
		}
	}
}
