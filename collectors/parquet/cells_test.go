package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go/format"

	"flowctl/collectors/flow"
)

// cellsOf is a row as the manual of the table has it, by column: a record in words.
func cellsOf(r *flow.Record, names *flow.Names) map[string]string {
	c := map[string]string{}
	set := func(name string, is bool, v any) {
		c[name] = nothing
		if is {
			if text, ok := v.(string); ok {
				v = strconv.Quote(text)
			}
			c[name] = fmt.Sprint(v)
		}
	}
	for name, ns := range map[string]int64{"first": r.First, "last": r.Last} {
		at := time.Unix(0, ns)
		set(name, ns != flow.NoTime, at.UnixMicro())
		set(name+"_nanos", ns != flow.NoTime && at.Nanosecond()%1000 != 0, at.Nanosecond()%1000)
	}
	ip := r.EtherType == 0
	set("source_address", !r.Src.IsZero(), r.Src.String())
	set("destination_address", !r.Dst.IsZero(), r.Dst.String())
	ports := slices.Contains([]uint8{6, 17, 33, 132, 136}, r.Proto)
	set("source_port", ports || r.SrcPort != 0, r.SrcPort)
	set("destination_port", ports || r.DstPort != 0, r.DstPort)
	set("protocol", ip || r.Proto != 0, r.Proto)
	set("ether_type", !ip, r.EtherType)
	set("direction", r.Direction != 0, r.Direction.String())
	set("state", r.State != 0, r.State.String())
	set("class", r.Class != 0, r.Class.String())
	set("encryption", r.Encryption != 0, names.EncryptionText(r.Encryption))
	set("tunnel", r.Tunnel != 0, r.Tunnel.String())
	set("initiator_guessed", true, r.Guessed)
	for name, id := range map[string]flow.ID{"point": r.Point, "target": r.Target, "rule": r.Rule, "acl": r.ACL, "log": r.Log} {
		set(name, id != 0, names.Text(id))
	}
	for side, n := range map[string]flow.Count{"sent_": r.Sent, "received_": r.Received} {
		known := r.Measured&flow.ReceivedOnly == 0
		if side == "received_" {
			known = r.Measured&flow.SentOnly == 0
		}
		set(side+"packets", known && r.Measured&flow.Packets != 0, n.Packets)
		set(side+"ip_bytes", known && r.Measured&flow.IPBytes != 0, n.IPBytes)
		set(side+"frame_bytes", r.Measured&flow.FrameBytes != 0, n.FrameBytes)
	}
	set("tcp_answered_us", r.TCP.Seen&flow.TCPAnswered != 0, r.TCP.Answered)
	set("tcp_confirmed_us", r.TCP.Seen&flow.TCPConfirmed != 0, r.TCP.Confirmed)
	set("tcp_partly", r.TCP.Seen != 0, r.TCP.Seen&flow.TCPPartly != 0)
	for side, t := range map[string]struct {
		n    flow.TCPCount
		seen bool
	}{"sent_": {r.TCP.Sent, r.TCP.Seen&flow.TCPSent != 0}, "received_": {r.TCP.Received, r.TCP.Seen&flow.TCPReceived != 0}} {
		for name, v := range map[string]any{
			"retransmitted": t.n.Retransmitted, "retransmitted_bytes": t.n.RetransmittedBytes, "dup_acks": t.n.DupACKs, "syn": t.n.SYN, "syn_ack": t.n.SYNACK, "fin": t.n.FIN, "rst": t.n.RST,
			"zero_window": t.n.ZeroWindow, "keep_alive": t.n.KeepAlive,
		} {
			set(side+name, t.seen, v)
		}
	}
	return c
}

// line is a row of the columns that records are made of.
func line(cells func(name string) string) string {
	var b strings.Builder
	for _, c := range readColumns {
		b.WriteString(c.name + "=" + cells(c.name) + " ")
	}
	return b.String()
}

// linesOf are all rows of a table, in order of their text.
func (t *plainTable) linesOf() (list []string) {
	for _, g := range t.groups {
		for i := range g[columns[0].name] {
			list = append(list, line(func(name string) string { return g[name][i] }))
		}
	}
	slices.Sort(list)
	return list
}

func linesOfRecords(all []flow.Record, names *flow.Names) (list []string) {
	for i := range all {
		c := cellsOf(&all[i], names)
		list = append(list, line(func(name string) string { return c[name] }))
	}
	slices.Sort(list)
	return list
}

// TestCellsAreTheRecords wants every cell of a file, read as the specification has it, to
// be what the record says: each value, and a null in each column for what was not
// measured, is not known or does not apply; in row groups of any size.
func TestCellsAreTheRecords(t *testing.T) {
	names := flow.NewNames()
	for what, list := range map[string][]flow.Record{
		"all kinds": randomRecords(31, 700, names), "logs": logged(32, 900, names), "greatest": {full(), full()}, "one": logged(33, 1, names), "none": nil, "empty": make([]flow.Record, 20),
	} {
		want := linesOfRecords(list, names)
		for _, rows := range []int{1, 8, 9, 300, 5000} {
			if rows == 1 && len(list) > 100 {
				continue
			}
			file, err := plainly(write(t, list, names, max(rows, 2), Meta{}))
			if err != nil {
				t.Fatal(what, rows, err)
			}
			if diff := gocmp.Diff(want, file.linesOf()); diff != "" {
				t.Fatalf("%s, groups of %d (-want +got):\n%.3000s", what, rows, diff)
			}
			if file.meta.NumRows != int64(len(list)) {
				t.Errorf("%s: %d rows are said", what, file.meta.NumRows)
			}
		}
	}
}

// TestStatisticsArePlain wants nulls, bounds, sizes and encodings of each column chunk to be
// those of its cells, and the dictionaries of addresses and ports in order, each value once.
func TestStatisticsArePlain(t *testing.T) {
	names := flow.NewNames()
	list := append(randomRecords(34, 800, names), logged(35, 400, names)...)
	raw := write(t, list, names, 250, Meta{})
	file, err := plainly(raw)
	if err != nil {
		t.Fatal(err)
	}
	for g, group := range file.meta.RowGroups {
		var size, packed int64
		for i := range group.Columns {
			m := &group.Columns[i].MetaData
			name := m.PathInSchema[0]
			cells := file.groups[g][name]
			size, packed = size+m.TotalUncompressedSize, packed+m.TotalCompressedSize
			nulls, least, most := int64(0), int64(math.MaxInt64), int64(math.MinInt64)
			distinct := map[string]bool{}
			for _, c := range cells {
				if c == nothing {
					nulls++
					continue
				}
				distinct[c] = true
				if v, err := strconv.ParseInt(c, 10, 64); err == nil {
					least, most = min(least, v), max(most, v)
				}
			}
			if m.Statistics.NullCount != nulls {
				t.Errorf("group %d, %s: %d nulls, of %d", g, name, m.Statistics.NullCount, nulls)
			}
			if bounds := m.Type == format.Int64 && nulls < group.NumRows; bounds != (len(m.Statistics.MinValue) == 8) {
				t.Errorf("group %d, %s: bounds are there: %t", g, name, !bounds)
			} else if bounds && (int64(binary.LittleEndian.Uint64(m.Statistics.MinValue)) != least || int64(binary.LittleEndian.Uint64(m.Statistics.MaxValue)) != most) {
				t.Errorf("group %d, %s: bounds are not %d and %d", g, name, least, most)
			}
			if dictionary := m.DictionaryPageOffset > 0; dictionary != ((m.Type == format.ByteArray || m.Type == format.Int32) && nulls < group.NumRows) {
				t.Errorf("group %d, %s: has a dictionary: %t", g, name, dictionary)
			}
			if m.NumValues != group.NumRows || m.Codec != format.Zstd {
				t.Errorf("group %d, %s: %d values, %v", g, name, m.NumValues, m.Codec)
			}
		}
		if group.TotalByteSize != size || group.TotalCompressedSize != packed {
			t.Errorf("group %d: %d bytes of %d, packed %d of %d", g, group.TotalByteSize, size, group.TotalCompressedSize, packed)
		}
		cells := file.groups[g]
		key := func(i int) (first int64, addresses string) {
			if first = math.MinInt64; cells["first"][i] != nothing {
				first, _ = strconv.ParseInt(cells["first"][i], 10, 64)
			}
			text := func(name string) string { return strings.Trim(strings.TrimPrefix(cells[name][i], nothing), `"`) }
			return first, text("source_address") + "\x00" + text("destination_address")
		}
		for i := range int(group.NumRows) - 1 {
			a, x := key(i)
			b, y := key(i + 1)
			if a > b || a == b && x > y {
				t.Fatalf("group %d: row %d (%d, %q) is before row %d (%d, %q)", g, i, a, x, i+1, b, y)
			}
		}
		for _, s := range group.SortingColumns {
			if s.Descending || !s.NullsFirst {
				t.Errorf("group %d: sorted by %+v", g, s)
			}
		}
	}
	if total := int64(0); file.meta.CreatedBy == "" || file.meta.Version != 2 || total != 0 {
		t.Errorf("made by %q, version %d", file.meta.CreatedBy, file.meta.Version)
	}
	for i, e := range file.meta.Schema[1:] {
		if e.Name != columns[i].name || (e.RepetitionType.V == format.Required) != columns[i].required || e.Type.V != columns[i].physical() {
			t.Errorf("column %d: %+v", i, e)
		}
	}
}

// TestWritersTogether has several goroutines write records and observations of one file at
// once, and wants each row once, whole groups but the last ones, and pages one behind the
// other.
func TestWritersTogether(t *testing.T) {
	names := flow.NewNames()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 71))
		workers, rows := 1+r.IntN(6), 20+r.IntN(200)
		var b bytes.Buffer
		w, err := newWriter(&b, names, nil, rows)
		if err != nil {
			t.Fatal(err)
		}
		var all []flow.Record
		var wg sync.WaitGroup
		for k := range workers {
			list := logged(seed*10+uint64(k), 100+r.IntN(900), names)
			all = append(all, list...)
			step := 1 + r.IntN(2*rows)
			wg.Go(func() {
				for part := range slices.Chunk(list, step) {
					w.Add(part)
				}
			})
		}
		wg.Wait()
		if _, err := w.Close(Meta{}); err != nil {
			t.Fatal(err)
		}
		file, err := plainly(b.Bytes())
		if err != nil {
			t.Fatal(seed, err)
		}
		if diff := gocmp.Diff(linesOfRecords(all, names), file.linesOf()); diff != "" {
			t.Fatalf("seed %d, %d workers, groups of %d (-want +got):\n%.2000s", seed, workers, rows, diff)
		}
		at, short := int64(len(magic)), 0
		for _, g := range file.meta.RowGroups {
			if g.FileOffset != at {
				t.Fatalf("seed %d: a group at %d, want %d", seed, g.FileOffset, at)
			}
			at += g.TotalCompressedSize
			if g.NumRows > int64(rows) || g.NumRows < 1 {
				t.Fatalf("seed %d: a group of %d rows, of %d", seed, g.NumRows, rows)
			}
			short += int(bit(g.NumRows < int64(rows)))
		}
		if short > workers {
			t.Errorf("seed %d: %d groups are not full, of %d workers", seed, short, workers)
		}
	}
}

// TestGroupsAtTheirBounds wants as many row groups as rows need, to the row, however they
// come.
func TestGroupsAtTheirBounds(t *testing.T) {
	names := flow.NewNames()
	for _, rows := range []int{2, 16, 100} {
		for _, n := range []int{0, 1, rows - 1, rows, rows + 1, 2*rows - 1, 2 * rows, 2*rows + 1} {
			for _, step := range []int{1, rows - 1, rows, rows + 1, 3 * rows} {
				list := logged(uint64(n), n, names)
				w, err := newWriter(io.Discard, names, nil, rows)
				if err != nil {
					t.Fatal(err)
				}
				for part := range slices.Chunk(list, max(1, step)) {
					w.Add(part)
				}
				w.Add(nil)
				if _, err := w.Close(Meta{}); err != nil {
					t.Fatal(err)
				}
				var got []int64
				for _, g := range w.groups {
					got = append(got, g.NumRows)
				}
				var want []int64
				for left := n; left > 0; left -= rows {
					want = append(want, int64(min(left, rows)))
				}
				if !slices.Equal(got, want) || w.rows != int64(n) {
					t.Errorf("%d rows in groups of %d, by %d: %v, want %v", n, rows, step, got, want)
				}
			}
		}
	}
}

// TestOneWithoutTheOthers puts one record that alone has a value of each column among many
// that have none, at the begin, in the middle and at the end, and wants that cell alone to
// have it.
func TestOneWithoutTheOthers(t *testing.T) {
	names := flow.NewNames()
	bare := func() flow.Record {
		return flow.Record{First: flow.NoTime, Last: flow.NoTime, EtherType: 0x88cc}
	}
	for column, change := range map[string]func(r *flow.Record){
		"first":               func(r *flow.Record) { r.First = 7000 },
		"last":                func(r *flow.Record) { r.Last = 7000 },
		"source_address":      func(r *flow.Record) { r.Src = flow.Addr4(1) },
		"destination_address": func(r *flow.Record) { r.Dst = flow.Unspecified },
		"source_port":         func(r *flow.Record) { r.SrcPort = 7 },
		"destination_port":    func(r *flow.Record) { r.DstPort = 7 },
		"protocol":            func(r *flow.Record) { r.Proto = 7 },
		"direction":           func(r *flow.Record) { r.Direction = flow.Inbound },
		"state":               func(r *flow.Record) { r.State = flow.End },
		"encryption":          func(r *flow.Record) { r.Encryption = 1 },
		"tunnel":              func(r *flow.Record) { r.Tunnel = 1 },
		"class":               func(r *flow.Record) { r.Class = flow.Capture },
		"initiator_guessed":   func(r *flow.Record) { r.Guessed = true },
		"point":               func(r *flow.Record) { r.Point = names.Of("p") },
		"target":              func(r *flow.Record) { r.Target = names.Of("t") },
		"rule":                func(r *flow.Record) { r.Rule = names.Of("r") },
		"acl":                 func(r *flow.Record) { r.ACL = names.Of("a") },
		"log":                 func(r *flow.Record) { r.Log = names.Of("l") },
		"sent_packets":        func(r *flow.Record) { r.Measured, r.Sent.Packets = flow.Packets|flow.SentOnly, 7 },
		"received_packets":    func(r *flow.Record) { r.Measured, r.Received.Packets = flow.Packets|flow.ReceivedOnly, 7 },
		"sent_ip_bytes":       func(r *flow.Record) { r.Measured, r.Sent.IPBytes = flow.IPBytes|flow.SentOnly, 7 },
		"received_ip_bytes":   func(r *flow.Record) { r.Measured, r.Received.IPBytes = flow.IPBytes|flow.ReceivedOnly, 7 },
		"sent_frame_bytes":    func(r *flow.Record) { r.Measured, r.Sent.FrameBytes = flow.FrameBytes, 7 },
		"tcp_answered_us":     func(r *flow.Record) { r.TCP = flow.TCP{Seen: flow.TCPAnswered, Answered: 7} },
		"tcp_confirmed_us":    func(r *flow.Record) { r.TCP = flow.TCP{Seen: flow.TCPConfirmed, Confirmed: 7} },
		"tcp_partly":          func(r *flow.Record) { r.TCP = flow.TCP{Seen: flow.TCPPartly} },
		"sent_syn":            func(r *flow.Record) { r.TCP = flow.TCP{Seen: flow.TCPSent, Sent: flow.TCPCount{SYN: 7}} },
		"received_keep_alive": func(r *flow.Record) { r.TCP = flow.TCP{Seen: flow.TCPReceived, Received: flow.TCPCount{KeepAlive: 7}} },
		"received_retransmitted": func(r *flow.Record) {
			r.TCP = flow.TCP{Seen: flow.TCPReceived, Received: flow.TCPCount{Retransmitted: 7}}
		},
	} {
		for _, at := range []int{0, 8, 15, 29} {
			list := make([]flow.Record, 30)
			for i := range list {
				list[i] = bare()
			}
			change(&list[at])
			want := cellsOf(&list[at], names)
			plain := cellsOf(&flow.Record{First: flow.NoTime, Last: flow.NoTime, EtherType: 0x88cc}, names)
			if want[column] == plain[column] {
				t.Fatalf("%s is not changed", column)
			}
			raw := write(t, list, names, 16, Meta{})
			file, err := plainly(raw)
			if err != nil {
				t.Fatal(column, err)
			}
			for name, cell := range want {
				if cell == plain[name] {
					continue
				}
				var got []string
				for _, g := range file.groups {
					got = append(got, g[name]...)
				}
				if n := len(slices.DeleteFunc(slices.Clone(got), func(c string) bool { return c != cell })); n != 1 {
					t.Errorf("%s of row %d: %s is %v, want %s once", column, at, name, got, cell)
				}
			}
			back, _, skipped, err := load(raw, names)
			if diff := gocmp.Diff(inOrder(list), inOrder(back)); diff != "" || err != nil || skipped != nil {
				t.Errorf("%s of row %d: %v %v (-want +got):\n%s", column, at, skipped, err, diff)
			}
		}
	}
}
