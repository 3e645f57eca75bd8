package parquet

import (
	"bytes"
	"flowctl/collectors/aggregate"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// TestDamage turns over bits all over a file: that is an error, or
// the rows of one row group are left out and counted; sound rows stay.
func TestDamage(t *testing.T) {
	names := flow.NewNames()
	want := inOrder(randomRecords(1, 60, names))
	sound := write(t, want, names, 20, Meta{})
	rows := map[flow.Record]int{}
	for _, r := range want {
		rows[r]++
	}
	for at := 0; at < len(sound); at += 13 {
		b := bytes.Clone(sound)
		b[at] ^= 1 << (at % 8)
		got, src, skipped, err := load(b, names)
		lost := uint64(0)
		for _, s := range skipped {
			lost += s.Count
		}
		switch {
		case err != nil && src.Status != flow.Unreadable:
			t.Fatalf("byte %d: %v, but the source is %s", at, err, src.Status)
		case err == nil && lost > 0 && src.Status != flow.Corrupt:
			t.Fatalf("byte %d: %d rows are lost, but the source is %s", at, lost, src.Status)
		case at < int(tailAt(sound)) && err == nil && len(got)+int(lost) != len(want):
			t.Fatalf("byte %d: %d rows of %d, and %d are said to be lost", at, len(got), len(want), lost)
		}
		if at < int(tailAt(sound)) {
			for _, r := range got {
				if rows[r] == 0 {
					t.Fatalf("byte %d: a row was made up: %+v", at, r)
				}
			}
		}
	}
}

// tailAt is where the footer begins.
func tailAt(b []byte) int64 {
	n := int64(b[len(b)-8]) | int64(b[len(b)-7])<<8 | int64(b[len(b)-6])<<16
	return int64(len(b)) - 8 - n
}

// TestOtherFormats refuses files of an earlier and a later form by their numbers.
func TestOtherFormats(t *testing.T) {
	for format, says := range map[string]string{"1": "from again, with --flows", "3": "the flowctl that wrote it (9.9)"} {
		b := bytes.Replace(write(t, nil, flow.NewNames(), 10, Meta{Version: "9.9"}), []byte("flowctl.format\x18\x012"), []byte("flowctl.format\x18\x01"+format), 1)
		_, _, _, err := load(b, flow.NewNames())
		if err == nil || !strings.Contains(err.Error(), `format "`+format+`"`) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v; want the format and %q", err, says)
		}
	}
}

// TestClipped wants a counter that is no signed integer said and cut.
func TestClipped(t *testing.T) {
	var b bytes.Buffer
	names := flow.NewNames()
	w, err := NewWriter(&b, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Add([]flow.Record{{Measured: flow.Packets, Sent: flow.Count{Packets: 1 << 63}}})
	clipped, err := w.Close(Meta{})
	if err != nil || clipped != 1 {
		t.Fatalf("%d clipped, %v", clipped, err)
	}
	got, _, _, err := load(b.Bytes(), names)
	if err != nil || len(got) != 1 || got[0].Sent.Packets != 1<<63-1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLongTexts ends a row group early whose texts would fill the memory.
func TestLongTexts(t *testing.T) {
	names := flow.NewNames()
	list := make([]flow.Record, 40)
	for i := range list {
		list[i].Rule = names.Of(strings.Repeat(string(rune('a'+i)), 1<<20))
	}
	file := write(t, list, names, 40, Meta{})
	got, _, skipped, err := load(file, names)
	if err != nil || len(skipped) > 0 {
		t.Fatal(skipped, err)
	}
	if diff := gocmp.Diff(list, got); diff != "" {
		t.Error(diff)
	}
	tail, err := readTail(bytes.NewReader(file), int64(len(file)))
	if err != nil || len(tail.meta.RowGroups) != 4 {
		t.Errorf("%d row groups, want 4 of at most %d bytes of texts; %v", len(tail.meta.RowGroups), maxTexts, err)
	}
}

// TestBeyond makes no room for a column that states more bytes than the file
// has.
func TestBeyond(t *testing.T) {
	names := flow.NewNames()
	file := write(t, logged(1, 10, names), names, 10, Meta{})
	tail, err := readTail(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	tail.meta.RowGroups[0].Columns[colFirst].MetaData.TotalCompressedSize = mostPage
	c := columnReader{r: bytes.NewReader(file), tail: tail, names: names}
	if err := c.read(0, colFirst, &read{}); err == nil || cap(c.raw) > 0 {
		t.Errorf("error %v, room for %d bytes", err, cap(c.raw))
	}
}

// FuzzReadAt reads any bytes: no panic, no row without a count, memory bounded
// by what a file may have.
func FuzzReadAt(f *testing.F) {
	names := flow.NewNames()
	f.Add(write(f, randomRecords(1, 30, names), names, 10, Meta{Version: "1", Sources: []flow.Source{{Path: "x", Kind: flow.Pcap, Records: 3}}}))
	f.Add(write(f, nil, names, 10, Meta{}))
	f.Add([]byte("PAR1\x00\x01\x00\x00\x00PAR1"))
	f.Add(write(f, logged(2, 60, names), names, 20, Meta{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		readAny(t, b, nil)
		readAny(t, b, &aggregate.Cache{Intervals: func([]flow.Interval) {}})
	})
}

// readAny reads any bytes, and adds up what sums can.
func readAny(t *testing.T, b []byte, sums flow.Cache) {
	src, skipped := &flow.Source{}, &flow.Skipped{}
	rows := uint64(0)
	err := ReadAt(bytes.NewReader(b), int64(len(b)), flow.Input{Source: src, Names: flow.NewNames(), Skipped: skipped, Cache: sums},
		flow.Workers{Main: func(batch flow.Batch) bool {
			for _, r := range batch {
				rows += uint64(max(1, r.Records))
			}
			return rows < 1<<22
		}})
	if err != nil && rows > 0 {
		t.Errorf("%d rows, then %v", rows, err)
	}
	if rows < 1<<22 && rows != src.Records {
		t.Errorf("%d rows, %d records", rows, src.Records)
	}
}
