package pcap_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/pcaptest"
)

// traffic is what the damaged files hold.
var traffic = pcaptest.Traffic{Seed: 7, Packets: 300, Flows: 40, Active: 10, Data: 400, Span: 30 * time.Second}

// offsets are where the records of traffic begin in a file with headers of the
// given lengths, and where the file ends.
func offsets(file, record, align int) []int {
	at := []int{file}
	for r := range traffic.Records() {
		at = append(at, at[len(at)-1]+record+(len(r.Data)+align-1)/align*align)
	}
	return at
}

// TestDamage spoils files in one way each. What is before the damage is kept,
// what is not is counted once, with its reason and its place.
func TestDamage(t *testing.T) {
	classic := func() []byte { return traffic.File(pcaptest.Classic{}, 1<<16) }
	ng := func() []byte { return pcaptest.Pcapng(false, slices.Collect(copies())...) }
	snoop := func() []byte { return pcaptest.Snoop(4, slices.Collect(copies())...) }
	at, ngAt, snoopAt := offsets(24, 16, 1), offsets(28+24, 32, 4), offsets(16, 24, 4)
	put := func(b []byte, o int, v uint32) []byte {
		binary.LittleEndian.PutUint32(b[o:], v)
		return b
	}
	end := len(at) - 1
	tests := map[string]struct {
		file    []byte
		packets uint64
		status  flow.Status
		reason  string
		offset  int
	}{
		"stray newline":            {append(classic(), '\n'), 300, flow.Truncated, "1 byte after the last packet", at[end]},
		"stray bytes":              {append(classic(), "the end"...), 300, flow.Truncated, "7 bytes after the last packet", at[end]},
		"cut in a packet":          {classic()[:at[100]+30], 100, flow.Truncated, "30 bytes after the last packet", at[100]},
		"cut in a record header":   {classic()[:at[100]+9], 100, flow.Truncated, "9 bytes after the last packet", at[100]},
		"cut before the last byte": {classic()[:at[end]-1], 299, flow.Truncated, "bytes after the last packet", at[299]},
		"cut to its header":        {classic()[:24], 0, flow.OK, "", 0},
		"a second of 2 seconds":    {put(classic(), at[50]+4, 2_000_000), 300, flow.OK, "time stamp out of range", at[50]},
		"captured too much":        {put(classic(), at[50]+8, 262145), 50, flow.Corrupt, "packet of 262145 bytes", at[50]},
		"captured 4 GB":            {put(classic(), at[50]+8, 0xffffffff), 50, flow.Corrupt, "packet of 4294967295 bytes", at[50]},
		"captured past the end":    {put(classic(), at[250]+8, 262144), 250, flow.Truncated, "bytes after the last packet", at[250]},
		"zeros instead":            {append(classic()[:at[100]], make([]byte, 160)...), 110, flow.OK, "frames without an EtherType that is known", at[100]},
		"ones instead":             {append(classic()[:at[100]], bytes.Repeat([]byte{0xff}, 999)...), 100, flow.Corrupt, "packet of 4294967295 bytes", at[100]},
		"on the wire 4 GB":         {put(classic(), at[50]+12, 0xffffffff), 300, flow.OK, "cannot be as long as they state, 4294967295 bytes", at[50]},
		"one file after another":   {append(classic(), classic()...), 600, flow.OK, "", 0},
		"a hole":                   {slices.Delete(classic(), at[100]+20, at[100]+21), 101, flow.Corrupt, "", 0},

		"pcapng, stray newline":         {append(ng(), '\n'), 300, flow.Truncated, "1 byte after the last packet", ngAt[end]},
		"pcapng, cut in a block":        {ng()[:ngAt[100]+40], 100, flow.Truncated, "40 bytes after the last packet", ngAt[100]},
		"pcapng, block of 8 bytes":      {put(ng(), ngAt[100]+4, 8), 100, flow.Corrupt, "block of 8 bytes", ngAt[100]},
		"pcapng, block of 4 GB":         {put(ng(), ngAt[100]+4, 0xfffffff0), 100, flow.Corrupt, "block of 4294967280 bytes", ngAt[100]},
		"pcapng, block of 12 MB":        {put(ng(), ngAt[100]+4, 12<<20), 100, flow.Truncated, "bytes after the last packet", ngAt[100]},
		"pcapng, two lengths":           {put(ng(), ngAt[101]-4, 64), 100, flow.Corrupt, "block that states two lengths", ngAt[100]},
		"pcapng, longer than its block": {put(ng(), ngAt[100]+20, 60000), 299, flow.Corrupt, "packet that is longer than its block", ngAt[100]},
		"pcapng, unknown interface":     {put(ng(), ngAt[100]+8, 1), 299, flow.Corrupt, "packet of an interface that is not described", ngAt[100]},
		"pcapng, packets first":         {slices.Delete(ng(), 28, 28+24), 0, flow.Corrupt, "packet of an interface that is not described", 28},
		"pcapng, unknown block":         {put(ng(), ngAt[100], 0xbad), 299, flow.OK, "", 0},
		"pcapng, zeros instead":         {append(ng()[:ngAt[100]], make([]byte, 160)...), 100, flow.Corrupt, "block of 0 bytes", ngAt[100]},
		"pcapng, section of version 2":  {append(ng(), "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x02\x00\x00\x00"...), 300, flow.Corrupt, "pcapng version 2 is not known", ngAt[end]},
		"pcapng, section of no order":   {append(ng(), "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00abcdefghijkl"...), 300, flow.Corrupt, "section: its byte order is not known", ngAt[end]},

		"snoop, stray newline":          {append(snoop(), '\n'), 300, flow.Truncated, "1 byte after the last packet", snoopAt[end]},
		"snoop, longer than its record": {put(snoop(), snoopAt[100]+4, 0xff0000), 100, flow.Corrupt, "packet of 65280 bytes", snoopAt[100]},
		"snoop, record of 4 GB":         {put(snoop(), snoopAt[100]+8, 0xffffffff), 100, flow.Corrupt, "in a record of 4294967295", snoopAt[100]},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			records, in, err := read(bytes.NewReader(test.file))
			if err != nil {
				t.Fatal(err)
			}
			if s := in.Source; s.Records != test.packets || s.Status != test.status {
				t.Errorf("%d packets, status %s, want %d, %s", s.Records, s.Status, test.packets, test.status)
			}
			if n := tallyOf(records).Total.Packets; n != test.packets {
				t.Errorf("%d packets in records, want %d", n, test.packets)
			}
			checkSkipped(t, in.Skipped.All(), test.reason, int64(test.offset), test.status)
		})
	}
}

func checkSkipped(t *testing.T, all []flow.Skip, reason string, offset int64, s flow.Status) {
	t.Helper()
	if s != flow.OK { // after damage, frames may be of any type
		all = slices.DeleteFunc(all, func(s flow.Skip) bool { return strings.Contains(s.Reason, "not taken apart") })
	}
	if reason == "" && s == flow.OK {
		if len(all) != 0 {
			t.Errorf("skipped %+v", all)
		}
		return
	}
	if len(all) != 1 {
		t.Fatalf("skipped %+v", all)
	}
	if !strings.Contains(all[0].Reason, reason) || offset != 0 && all[0].Offset != offset {
		t.Errorf("skipped %+v, want %q at %d", all[0], reason, offset)
	}
}

// copies yields the records of traffic with data of their own.
func copies() func(func(pcaptest.Record) bool) {
	return func(yield func(pcaptest.Record) bool) {
		for r := range traffic.Records() {
			r.Data = slices.Clone(r.Data)
			if !yield(r) {
				return
			}
		}
	}
}

// TestCutAnywhere cuts files at every place: what is whole before it is read.
func TestCutAnywhere(t *testing.T) {
	for name, file := range formats() {
		last := uint64(0)
		for n := range file {
			_, in, err := read(bytes.NewReader(file[:n]))
			if (err == nil) == (in.Source.Status == flow.Unreadable) {
				t.Fatalf("%s, %d bytes: status %s, %v", name, n, in.Source.Status, err)
			}
			if in.Source.Records < last || in.Source.Records > 3 {
				t.Fatalf("%s, %d bytes: %d packets after %d", name, n, in.Source.Records, last)
			}
			last = in.Source.Records
		}
	}
}

// TestLongBlock checks a packet in a block that is longer than what is held of
// a file, among blocks of the same length that are none.
func TestLongBlock(t *testing.T) {
	n := pcaptest.Blocks{Big: true}
	rs := exchange()
	b := n.Interface(n.Section(nil), 231, 1<<24, 6, 0)
	b = n.Interface(b, 1, 0, 6, 0)
	b = n.Packet(b, pcaptest.Record{Data: make([]byte, 3<<20)}, uint64(noon/1000))
	b = n.Append(b, 0xbad, make([]byte, 2<<20))
	for _, r := range rs {
		r.Interface = 1
		b = n.Packet(b, r, uint64(r.At/1000))
	}
	records, in, err := read(bytes.NewReader(b))
	if err != nil || in.Source.Status != flow.OK || in.Source.Records != 4 || len(records) != 2 {
		t.Fatalf("%+v, %+v, %v", records, in.Source, err)
	}
	if a, b := records[0].Sent.FrameBytes, records[1].Sent.FrameBytes; max(a, b) != 3<<20 {
		t.Errorf("%d and %d frame bytes", a, b)
	}
	_, in, err = read(bytes.NewReader(b[:2<<20]))
	if err != nil || in.Source.Status != flow.Truncated || in.Source.Records != 0 {
		t.Errorf("cut: %+v, %v", in.Source, err)
	}
}
