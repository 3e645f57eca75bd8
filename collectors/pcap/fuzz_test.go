package pcap_test

import (
	"bytes"
	"testing"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/pcaptest"
)

// FuzzRead checks that any bytes are read to an end, and that what is counted
// is what the records say.
func FuzzRead(f *testing.F) {
	for _, file := range formats() {
		f.Add(file)
	}
	small := pcaptest.Traffic{Seed: 1, Packets: 40, Flows: 10, Active: 5, Data: 60, Span: 5 * time.Minute}
	f.Add(small.File(pcaptest.Classic{}, 96))
	f.Add(small.File(pcaptest.Classic{Big: true, Magic: pcaptest.Nano}, 1000))
	for _, link := range []uint32{pcaptest.LinkNull, 9, 51, 101, 104, 113, 127, 242, 276} {
		f.Add(small.File(pcaptest.Classic{Link: link}, 64))
	}
	for _, file := range anyFiles(exchange()) {
		f.Add(file)
	}
	for minor := range 4 {
		f.Add(netmon(minor, nil, netmonRecord{0, 1, 1 << 57, netmonTCP(1)}, netmonRecord{7, 0xffe0, 0, nil}, netmonRecord{9, 9, 0, netmonTCP(3)[14:]}))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		records, in, err := read(bytes.NewReader(file))
		_, known := pcap.Detect(file)
		if err == nil && !known {
			t.Errorf("read as %s, but not detected", in.Source.Kind)
		}
		if (err != nil) != (in.Source.Status == flow.Unreadable) {
			t.Errorf("status %s, error %v", in.Source.Status, err)
		}
		if in.Source.Bytes > int64(len(file)) {
			t.Errorf("%d of %d bytes read", in.Source.Bytes, len(file))
		}
		if n := tallyOf(records).Total.Packets + in.Source.Again.Packets; n != in.Source.Records {
			t.Errorf("%d packets in records or again, %d counted", n, in.Source.Records)
		}
		for _, r := range records {
			checkRecord(t, &r)
		}
		for _, s := range in.Skipped.All() {
			if s.Offset < 0 || s.Offset > int64(len(file)) || s.Count == 0 {
				t.Errorf("skipped %+v of %d bytes", s, len(file))
			}
		}
	})
}

func checkRecord(t *testing.T, r *flow.Record) {
	if r.Sent.Packets+r.Received.Packets == 0 {
		t.Errorf("no packets: %+v", r)
	}
	if (r.First == flow.NoTime) != (r.Last == flow.NoTime) || r.First > r.Last {
		t.Errorf("from %d to %d", r.First, r.Last)
	}
	if measured := r.Measured&flow.IPBytes != 0; measured != (r.EtherType == 0) {
		t.Errorf("measured %b of type %#x", r.Measured, r.EtherType)
	}
	for _, c := range []flow.Count{r.Sent, r.Received} {
		if c.IPBytes > c.FrameBytes {
			t.Errorf("%d bytes of IP in %d bytes of frames", c.IPBytes, c.FrameBytes)
		}
	}
	if r.EtherType != 0 && r.Key != (flow.Key{}) {
		t.Errorf("type %#x with %+v", r.EtherType, r.Key)
	}
}
