package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
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

// TestTraits wants of every record each of the values that it shares with others, and
// two records to share traits just if they are alike in all of them.
func TestTraits(t *testing.T) {
	names := flow.NewNames()
	type shared struct {
		point, target, rule, acl, log flow.ID
		state                         flow.State
		direction                     flow.Direction
		class                         flow.Class
		encryption                    flow.Encryption
		tunnel                        flow.Tunnel
		measured                      flow.Measure
		guessed, ip, srcPort, dstPort bool
		proto                         uint8
		etherType                     uint16
	}
	has := func(p uint8) bool { return slices.Contains([]uint8{6, 17, 33, 132, 136}, p) }
	known, back := map[traits]shared{}, map[shared]traits{}
	list := append(randomRecords(1, 4000, names), logged(2, 1000, names)...)
	for i := range list {
		r := &list[i]
		r.Class = flow.Class(i % 6)
		s := shared{r.Point, r.Target, r.Rule, r.ACL, r.Log, r.State, r.Direction, r.Class, r.Encryption, r.Tunnel, r.Measured, r.Guessed,
			r.Proto != 0 || r.EtherType == 0, has(r.Proto) || r.SrcPort != 0, has(r.Proto) || r.DstPort != 0, r.Proto, r.EtherType}
		tr := traitsOf(r)
		if before, ok := known[tr]; ok && before != s {
			t.Fatalf("%+v and %+v have one set of traits", before, s)
		}
		if before, ok := back[s]; ok && before != tr {
			t.Fatalf("%+v has two sets of traits", s)
		}
		known[tr], back[s] = s, tr
		for col, want := range map[int]uint32{
			colState: uint32(s.state), colDirection: uint32(s.direction), colClass: uint32(s.class), colEncryption: uint32(s.encryption), colTunnel: uint32(s.tunnel),
			colEtherType: uint32(s.etherType), colPoint: uint32(s.point), colTarget: uint32(s.target), colRule: uint32(s.rule), colACL: uint32(s.acl), colLog: uint32(s.log),
		} {
			if v, ok := tr.value(col); v != want || ok != (want != 0) {
				t.Fatalf("%s of %+v is %d, %v", columns[col].name, s, v, ok)
			}
		}
		if v, ok := tr.value(colProtocol); v != uint32(s.proto) || ok != s.ip {
			t.Fatalf("protocol of %+v is %d, %v", s, v, ok)
		}
		if v, ok := tr.value(colGuessed); v != uint32(bit(s.guessed)) || !ok || tr.has(kindSrcPort) != s.srcPort || tr.has(kindDstPort) != s.dstPort {
			t.Fatalf("%+v: %+v", s, tr)
		}
		if tr.measured() != s.measured&7 || tr.lacks(1) != (s.measured&flow.SentOnly != 0) || tr.lacks(0) != (s.measured&flow.ReceivedOnly != 0) {
			t.Fatalf("what was measured of %+v: %v, lacks %v and %v", s, tr.measured(), tr.lacks(0), tr.lacks(1))
		}
	}
}

// TestEnumTexts wants every value of an enumerated column to be read as what was
// written, and no other text taken for one.
func TestEnumTexts(t *testing.T) {
	for col, most := range map[int]uint16{colDirection: uint16(flow.Outbound), colState: uint16(flow.Deny), colTunnel: uint16(flow.PPPoE), colClass: uint16(flow.Agent)} {
		seen := map[string]bool{}
		for v := uint16(1); v <= most; v++ {
			text := enumText(col, v)
			if got, ok := enumValue(col, text); !ok || uint16(got) != v || seen[text] {
				t.Errorf("%s: %q is %d, %v, want %d", columns[col].name, text, got, ok, v)
			}
			seen[text] = true
		}
		for _, text := range []string{"", "unknown", "INBOUND", "begin ", "\x00"} {
			if v, ok := enumValue(col, text); ok {
				t.Errorf("%s: %q is %d", columns[col].name, text, v)
			}
		}
	}
}

// TestMicros wants times rounded down, so that what is left is never below nothing.
func TestMicros(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	list := []int64{0, 1, -1, 999, 1000, 1001, -999, -1000, -1001, math.MaxInt64, math.MinInt64 + 1}
	for range 2000 {
		list = append(list, int64(r.Uint64()))
	}
	for _, ns := range list {
		us, left := micros(ns)
		whole := new(big.Int).Add(new(big.Int).Mul(big.NewInt(us), big.NewInt(1000)), big.NewInt(left))
		if left < 0 || left > 999 || whole.Cmp(big.NewInt(ns)) != 0 {
			t.Fatalf("%d is %d µs and %d ns", ns, us, left)
		}
	}
	out, cut := signed([4]uint64{0, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64})
	if out != [4]int64{0, math.MaxInt64, math.MaxInt64, math.MaxInt64} || cut != 2 {
		t.Errorf("%v, %d cut", out, cut)
	}
}

// TestOrderOfRows wants rows in the order of their times, then of their addresses, and
// else as they came, however far apart the times are.
func TestOrderOfRows(t *testing.T) {
	for seed := range flowtest.Seeds(150) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := r.IntN(300)
		times, rows := make([]int64, n), make([]row, n)
		ranks := [2][]uint32{{0, 3, 1, 2}, {0, 2, 3, 1}}
		spread := []int64{1, 5, 3600e6, 365 * 86400e6, math.MaxInt64}[r.IntN(5)]
		for i := range n {
			switch times[i] = r.Int64N(spread) - spread/2; r.IntN(9) {
			case 0:
				times[i] = null
			case 1:
				times[i] = times[r.IntN(i+1)]
			}
			rows[i] = row{src: uint32(r.IntN(4)), dst: uint32(r.IntN(4))}
		}
		want := make([]int, n)
		for i := range want {
			want[i] = i
		}
		slices.SortStableFunc(want, func(a, b int) int {
			return cmp.Or(cmp.Compare(times[a], times[b]), cmp.Compare(ranks[0][rows[a].src], ranks[0][rows[b].src]), cmp.Compare(ranks[1][rows[a].dst], ranks[1][rows[b].dst]))
		})
		var o order
		var got []int
		for range 2 { // its memory is used again
			got = nil
			for _, k := range o.sort(times, rows, ranks) {
				got = append(got, int(k&rowMask))
			}
		}
		if !slices.Equal(want, got) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}

// TestAddressDictionary wants the addresses of a row group in the order of their texts,
// each once, and none without a rank.
func TestAddressDictionary(t *testing.T) {
	a := newAddresses()
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		a.reset()
		var texts []string
		number := map[string]uint32{}
		for range r.IntN(400) {
			x := flow.Addr4(r.Uint32() >> r.IntN(32))
			switch r.IntN(5) {
			case 0:
				x = flow.Addr{Hi: r.Uint64() >> r.IntN(64), Lo: r.Uint64() >> r.IntN(64)}
			case 1:
				x = []flow.Addr{flow.Unspecified, flow.AddrOf(netip.MustParseAddr("::ffff:10.0.0.4")), flow.Addr4(0), flow.Addr4(math.MaxUint32), {Hi: math.MaxUint64, Lo: math.MaxUint64}}[r.IntN(5)]
			}
			if x.IsZero() {
				continue
			}
			n := a.number(x)
			if before, ok := number[x.String()]; ok && before != n || n == 0 {
				t.Fatalf("seed %d: %s has the numbers %d and %d", seed, x, before, n)
			} else if !ok {
				texts = append(texts, x.String())
			}
			number[x.String()] = n
		}
		if a.number(flow.Addr{}) != 0 {
			t.Fatal("none has a number")
		}
		slices.Sort(texts)
		ranks := a.sort()
		e := a.entries()
		var got []string
		for b := e.plain; len(b) > 0; {
			n := binary.LittleEndian.Uint32(b)
			got, b = append(got, string(b[4:4+n])), b[4+n:]
		}
		if !slices.Equal(texts, got) || e.size != len(texts) || ranks[0] != 0 {
			t.Fatalf("seed %d: %v, want %v", seed, got, texts)
		}
		for i, text := range texts {
			if ranks[number[text]] != uint32(i+1) {
				t.Fatalf("seed %d: %s has the rank %d, want %d", seed, text, ranks[number[text]], i+1)
			}
		}
	}
}

// TestSmallDictionary wants numbers of 16 bits in their order, each once, and their
// slots.
func TestSmallDictionary(t *testing.T) {
	var s smallNumbers
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		list := make([]uint16, r.IntN(500))
		for i := range list {
			list[i] = []uint16{0, 1, 63, 64, 65, 443, math.MaxUint16, uint16(r.Uint32())}[r.IntN(8)]
		}
		want := slices.Compact(slices.Sorted(slices.Values(list)))
		to := make([]int32, len(list))
		s.slots(list, to)
		plain, size := s.append(nil)
		if size != len(want) || len(plain) != 4*size {
			t.Fatalf("seed %d: %d numbers, want %d", seed, size, len(want))
		}
		for i, x := range want {
			if got := binary.LittleEndian.Uint32(plain[4*i:]); got != uint32(x) {
				t.Fatalf("seed %d: slot %d has %d, want %d", seed, i, got, x)
			}
		}
		for i, x := range list {
			if want[to[i]] != x {
				t.Fatalf("seed %d: %d is in the slot of %d", seed, x, want[to[i]])
			}
		}
	}
}

// TestKindsOfRows wants every row of a group in the kind that has its values, as many
// kinds as there are combinations, and none of them empty.
func TestKindsOfRows(t *testing.T) {
	names := flow.NewNames()
	for seed := range uint64(12) {
		for what, list := range map[string][]flow.Record{"logs": logged(seed, 700, names), "all": randomRecords(seed, 700, names), "many rules": crowded(seed, 350, 60, names), "one": logged(seed, 1, names)} {
			file := write(t, list, names, 1000, Meta{})
			tail, err := readTail(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			g := &reading{r: bytes.NewReader(file), in: flow.Input{Source: &flow.Source{}, Names: names, Skipped: &flow.Skipped{}}, tail: tail}
			w := g.worker(flow.Sink{})
			if err := w.load(0); err != nil {
				t.Fatal(err)
			}
			k := &w.by.kinds
			if !k.combine(&w.rows) {
				t.Fatal(what, "too many kinds")
			}
			w.rows.spread(&w.columns.alike)
			met := map[uint32]string{}
			texts := map[string]bool{}
			for i := range w.rows.total {
				var r flow.Record
				w.rows.record(&r, i)
				is := kindOfRecord(&r)
				n := k.index[i]
				if before, ok := met[n]; ok && before != is {
					t.Fatalf("seed %d, %s: rows of %s and of %s are of one kind", seed, what, before, is)
				}
				met[n], texts[is] = is, true
				c := k.of[k.list[n].context]
				said := flow.Record{Key: flow.Key{Proto: c.proto}, State: k.list[n].state, Direction: c.Direction, Encryption: c.Encryption, Class: c.Class, Point: c.Point, Target: c.Target, Rule: c.Rule, ACL: c.ACL, Log: c.Log}
				if got := kindOfRecord(&said); got != is || c.Denied != (r.State == flow.Deny) {
					t.Fatalf("seed %d, %s: a row of %s is of a kind of %s", seed, what, is, got)
				}
			}
			if len(met) != len(k.list) || what != "all" && len(texts) != len(k.list) { // of "all", no protocol and protocol 0 are two
				t.Fatalf("seed %d, %s: %d kinds, %d met, %d combinations", seed, what, len(k.list), len(met), len(texts))
			}
		}
	}
}

func kindOfRecord(r *flow.Record) string {
	return fmt.Sprint(r.State, r.Proto, r.Direction, r.Encryption, r.Class, r.Point, r.Target, r.Rule, r.ACL, r.Log)
}

// TestStatistics wants of every column chunk what the footer says of it: how many
// nulls, the least and the greatest, where its pages are and that nothing lies between
// them; other readers leave row groups out by it.
func TestStatistics(t *testing.T) {
	names := flow.NewNames()
	for what, list := range map[string][]flow.Record{"all": randomRecords(5, 1500, names), "logs": logged(6, 1500, names)} {
		file := write(t, list, names, 500, Meta{})
		tail, err := readTail(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		z, _ := zstd.NewReader(nil)
		at, rows := int64(len(magic)), int64(0)
		for g, group := range tail.meta.RowGroups {
			c := columnReader{r: bytes.NewReader(file), tail: tail, names: names, zstd: z}
			c.begin()
			rows += group.NumRows
			if group.FileOffset != at || len(group.Columns) != writtenCount {
				t.Fatalf("%s, group %d: at %d with %d columns", what, g, group.FileOffset, len(group.Columns))
			}
			var packed int64
			for i := range columns {
				m := &group.Columns[i].MetaData
				from := m.DataPageOffset
				if m.DictionaryPageOffset > 0 {
					from = m.DictionaryPageOffset
				}
				if from != at {
					t.Fatalf("%s, group %d, %s: begins at %d, want %d", what, g, columns[i].name, from, at)
				}
				at += m.TotalCompressedSize
				packed += m.TotalCompressedSize
				if i >= columnCount {
					continue
				}
				var out read
				if err := c.read(g, i, &out); err != nil {
					t.Fatal(columns[i].name, err)
				}
				if nulls := group.NumRows - int64(out.values); m.Statistics.NullCount != nulls || m.NumValues != group.NumRows {
					t.Fatalf("%s, group %d, %s: %d nulls, want %d", what, g, columns[i].name, m.Statistics.NullCount, nulls)
				}
				if !columns[i].wide() || out.values == 0 {
					if len(m.Statistics.MinValue) > 0 {
						t.Fatalf("%s: bounds of %d values", columns[i].name, out.values)
					}
					continue
				}
				least, most := int64(binary.LittleEndian.Uint64(m.Statistics.MinValue)), int64(binary.LittleEndian.Uint64(m.Statistics.MaxValue))
				if least != slices.Min(out.ints) || most != slices.Max(out.ints) {
					t.Fatalf("%s, group %d, %s: from %d to %d, want %d to %d", what, g, columns[i].name, least, most, slices.Min(out.ints), slices.Max(out.ints))
				}
			}
			if packed != group.TotalCompressedSize {
				t.Fatalf("%s, group %d: %d bytes, said to be %d", what, g, packed, group.TotalCompressedSize)
			}
		}
		if rows != int64(len(list)) || tail.meta.NumRows != rows || at != tailAt(file) {
			t.Errorf("%s: %d rows, %d said, of %d; pages end at %d, the footer begins at %d", what, rows, tail.meta.NumRows, len(list), at, tailAt(file))
		}
	}
}

// TestColumnsInAnyOrder wants a file whose schema has the columns in another order, and
// some more, to be read by their names.
func TestColumnsInAnyOrder(t *testing.T) {
	names := flow.NewNames()
	list := randomRecords(7, 300, names)
	file := write(t, list, names, 100, Meta{})
	want, _, _, err := load(file, names)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(10) {
		b := rewritten(t, file, func(meta *format.FileMetaData) {
			order := rand.New(rand.NewPCG(seed, 5)).Perm(writtenCount)
			was := slices.Clone(meta.Schema)
			for i, k := range order {
				meta.Schema[1+i] = was[1+k]
			}
			for g := range meta.RowGroups {
				columns := slices.Clone(meta.RowGroups[g].Columns)
				for i, k := range order {
					meta.RowGroups[g].Columns[i] = columns[k]
				}
			}
		})
		got, _, skipped, err := load(b, names)
		if err != nil || len(skipped) > 0 {
			t.Fatal(seed, skipped, err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%.1000s", seed, diff)
		}
	}
}

// rewritten is a file with another footer.
func rewritten(t *testing.T, file []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	at := tailAt(file)
	var meta format.FileMetaData
	if err := decode(file[at:len(file)-8], &meta); err != nil {
		t.Fatal(err)
	}
	change(&meta)
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		t.Fatal(err)
	}
	out := append(bytes.Clone(file[:at]), b...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(b))), magic...)
}

// TestForeignFiles wants files of others, and of damaged footers, refused with what
// they lack and what to do, and the sound rows of a group with a strange column kept.
func TestForeignFiles(t *testing.T) {
	names := flow.NewNames()
	file := write(t, logged(1, 60, names), names, 20, Meta{Version: "1.2"})
	drop := func(keys ...string) func(*format.FileMetaData) {
		return func(m *format.FileMetaData) {
			m.KeyValueMetadata = slices.DeleteFunc(m.KeyValueMetadata, func(kv format.KeyValue) bool { return slices.Contains(keys, kv.Key) })
		}
	}
	rename := func(cols ...int) func(*format.FileMetaData) {
		return func(m *format.FileMetaData) {
			for _, c := range cols {
				m.Schema[1+c].Name = "x" + m.Schema[1+c].Name
			}
		}
	}
	set := func(key, value string) func(*format.FileMetaData) {
		return func(m *format.FileMetaData) {
			drop(key)(m)
			m.KeyValueMetadata = append(m.KeyValueMetadata, format.KeyValue{Key: key, Value: value})
		}
	}
	for name, tt := range map[string]struct {
		change func(*format.FileMetaData)
		want   string
	}{
		"of another program":   {drop(FormatKey), "is a Parquet file, but not one of flowctl's flows: its metadata has no flowctl.format; read the logs or captures it was made from"},
		"a column is missing":  {rename(colRule), "is a Parquet file, but not one of flowctl's flows, and it has no column rule"},
		"many columns":         {rename(0, 1, 2, 3, 4, 5, 6), "and it has no column first, last, source_address, source_port, destination_address and 2 more"},
		"a form of its own":    {set(FormatKey, "x"), `has the format "x" of flows, this flowctl reads "2"; use the flowctl that wrote it (1.2) or a later one`},
		"sources are no JSON":  {set(SourcesKey, "{"), "its metadata flowctl.sources is damaged: "},
		"skips are no list":    {set(SkippedKey, `{"a":1}`), "its metadata flowctl.skipped is damaged: "},
		"hosts are no list":    {set(HostsKey, `7`), "its metadata flowctl.hosts is damaged: "},
		"less than no sources": {set(SourcesKey, `{"statuses":{"ok":-1}}`), "its metadata flowctl.sources is damaged: less than no sources"},
		"inventories":          {set(InventoriesKey, "nonsense"), "its metadata flowctl.inventories is damaged: refused"},
		"a dictionary":         {set(DictionaryKey, "nonsense"), "its metadata flowctl.dictionary is damaged: refused"},
		"minutes":              {set(MinutesKey, "nonsense"), "its metadata flowctl.minutes is damaged: refused"},
	} {
		b := rewritten(t, file, tt.change)
		refuse := func([]byte) error { return fmt.Errorf("refused") }
		src := &flow.Source{}
		in := flow.Input{Source: src, Names: names, Skipped: &flow.Skipped{}, Inventories: refuse, Dictionary: refuse, Minutes: refuse}
		err := ReadAt(bytes.NewReader(b), int64(len(b)), in, flow.Workers{Main: func(flow.Batch) bool { t.Error(name, "a row was read"); return false }})
		if err == nil || !strings.Contains(err.Error(), tt.want) || src.Status != flow.Unreadable {
			t.Errorf("%s: %v, %s, want %s", name, err, src.Status, tt.want)
		}
	}
	chunk := func(change func(*format.ColumnMetaData)) func(*format.FileMetaData) {
		return func(m *format.FileMetaData) { change(&m.RowGroups[1].Columns[colState].MetaData) }
	}
	for name, change := range map[string]func(*format.FileMetaData){
		"another codec":    chunk(func(m *format.ColumnMetaData) { m.Codec = format.Snappy }),
		"another type":     chunk(func(m *format.ColumnMetaData) { m.Type = format.Double }),
		"other rows":       chunk(func(m *format.ColumnMetaData) { m.NumValues++ }),
		"no room":          chunk(func(m *format.ColumnMetaData) { m.TotalCompressedSize = -1 }),
		"another path":     chunk(func(m *format.ColumnMetaData) { m.PathInSchema = thrift.Slice[string]{"state", "x"} }),
		"a page elsewhere": chunk(func(m *format.ColumnMetaData) { m.DataPageOffset, m.DictionaryPageOffset = 1, 0 }),
		"no rows":          func(m *format.FileMetaData) { m.RowGroups[1].NumRows = 0 },
		"too many rows":    func(m *format.FileMetaData) { m.RowGroups[1].NumRows = mostRows + 1 },
		"columns are cut":  func(m *format.FileMetaData) { m.RowGroups[1].Columns = m.RowGroups[1].Columns[:colState] },
		"no column at all": func(m *format.FileMetaData) { m.RowGroups[1].Columns = nil },
	} {
		got, src, skipped, err := load(rewritten(t, file, change), names)
		if err != nil || len(got) != 40 || src.Status != flow.Corrupt || len(skipped) != 1 || skipped[0].Count < 1 || !strings.HasPrefix(skipped[0].Reason, "row group is damaged: ") {
			t.Errorf("%s: %d rows, %s, skipped %+v, %v", name, len(got), src.Status, skipped, err)
		}
	}
}
