package parquet

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// TestHuge wants counters that no sum has room for to be left out and told, as
// those of flow logs are, with sums and without.
func TestHuge(t *testing.T) {
	names := flow.NewNames()
	list := logged(1, 500, names)
	var bytesOf uint64
	for i := range list {
		list[i].State = flow.Continue
		list[i].Measured = flow.Packets | flow.IPBytes
		list[i].Sent, list[i].Received = flow.Count{Packets: 1, IPBytes: 10}, flow.Count{}
		if i%50 == 7 { // ten of them, of which three have room
			list[i].Sent.IPBytes = 1 << 60
		}
	}
	const huge = 10
	for _, sums := range []bool{false, true} {
		file := write(t, list, names, 200, Meta{})
		in := flow.Input{Source: &flow.Source{Path: "x"}, Names: names, Skipped: &flow.Skipped{}, Room: &flow.Room{}}
		if sums {
			in.Cache = &aggregate.Cache{Intervals: func([]flow.Interval) {}}
		}
		var records uint64
		bytesOf = 0
		err := ReadAt(bytes.NewReader(file), int64(len(file)), in, flow.Workers{Main: func(b flow.Batch) bool {
			for i := range b {
				bytesOf += b[i].Sent.IPBytes
				records += uint64(max(1, b[i].Records))
			}
			return true
		}})
		skipped := in.Skipped.All()
		if err != nil || len(skipped) != 1 || skipped[0].Reason != noRoom || in.Source.Status != flow.Corrupt {
			t.Fatalf("sums %t: %v, %s, skipped %+v", sums, err, in.Source.Status, skipped)
		}
		kept := huge - skipped[0].Count
		if kept != 4 || bytesOf != kept<<60+(uint64(len(list))-huge)*10 || records != uint64(len(list))-skipped[0].Count || in.Source.Records != records {
			t.Errorf("sums %t: %d huge rows count, %d bytes in %d of %d records", sums, kept, bytesOf, records, in.Source.Records)
		}
	}
}

// TestUnfit wants a row with a number that no record has room for to be left out,
// and not to wrap round.
func TestUnfit(t *testing.T) {
	names := flow.NewNames()
	list := []flow.Record{{Key: flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: 3, DstPort: 4, Proto: 6}, First: 5e9, Last: 5e9, Measured: 7, Class: flow.Capture,
		Sent: flow.Count{Packets: 1, IPBytes: 2, FrameBytes: 3}, TCP: flow.TCP{Seen: flow.TCPSent | flow.TCPReceived | flow.TCPAnswered, Answered: 7, Sent: flow.TCPCount{SYN: 1}}}}
	list = append(list, list[0], list[0])
	list[1].SrcPort, list[1].First, list[1].Last, list[1].TCP.Sent.SYN, list[1].Proto = 5, 6e9, 6e9, 2, 17
	file := write(t, list, names, 10, Meta{})
	for name, spoil := range map[string]func(c *[columnCount]read){
		"negative packets": func(c *[columnCount]read) { c[colSentPackets].ints[2] = -1 },
		"negative frames":  func(c *[columnCount]read) { c[colSentFrameBytes].ints[2] = math.MinInt64 },
		"a late answer":    func(c *[columnCount]read) { c[colTCPAnswered].ints[2] = 1 << 32 },
		"resent":           func(c *[columnCount]read) { c[colSentTCP+tcpRetransmittedBytes].ints[2] = 1 << 40 },
		"a time":           func(c *[columnCount]read) { c[colLast].ints[2] = math.MaxInt64 / 100 },
		"a port":           func(c *[columnCount]read) { c[colSourcePort].others[c[colSourcePort].slots[2]] = 1<<16 + 443 },
		"a protocol":       func(c *[columnCount]read) { c[colProtocol].others[c[colProtocol].slots[2]] = 256 + 6 },
		"SYNs":             func(c *[columnCount]read) { c[colSentTCP+tcpSYN].others[c[colSentTCP+tcpSYN].slots[2]] = 1 << 31 },
		"sound":            func(c *[columnCount]read) {},
	} {
		tail, err := readTail(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		in := flow.Input{Source: &flow.Source{Records: 3}, Names: names, Skipped: &flow.Skipped{}}
		w := (&reading{r: bytes.NewReader(file), in: in, tail: tail}).worker(flow.Sink{Add: func(b flow.Batch) bool {
			for i := range b {
				got = append(got, fmt.Sprint(b[i].First/1e9))
			}
			return true
		}})
		if err := w.load(0); err != nil {
			t.Fatal(err)
		}
		// Rows are in the order of time, so that the one of 6 s is the last.
		for i := range w.rows.columns { // columns that are alike share their memory
			c := &w.rows.columns[i]
			c.ints, c.others, c.there = slices.Clone(c.ints), slices.Clone(c.others), slices.Clone(c.there)
		}
		spoil(&w.rows.columns)
		want := "5 5 6"
		if name != "sound" {
			want = "5 5"
			if w.rows.sound() {
				t.Errorf("%s: it is sound", name)
			}
		} else if !w.rows.sound() {
			t.Error("what is sound is not")
		}
		w.checked(0)
		skips := in.Skipped.All()
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" || (name == "sound") != (len(skips) == 0) {
			t.Errorf("%s: skipped %+v; -want +got\n%s", name, skips, diff)
		}
	}
}
