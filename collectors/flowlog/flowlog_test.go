package flowlog

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
)

var both = map[string]options{
	"fast":      {maxRecord: MaxRecord},
	"reference": {maxRecord: MaxRecord, reference: true},
}

// sumUp counts in records what the generator counts.
func sumUp(records []flow.Record) (t flowlogtest.Totals) {
	flows := map[flow.Key]bool{}
	for k := range records {
		r := &records[k]
		t.Tuples++
		switch r.State {
		case flow.Begin:
			t.Begun++
		case flow.Continue:
			t.Going++
		case flow.End:
			t.Ended++
		case flow.Deny:
			t.Denied++
		}
		if !r.Src.Is4() {
			t.IPv6++
		}
		flows[r.Key] = true
		t.PacketsSent += r.Sent.Packets
		t.BytesSent += r.Sent.IPBytes
		t.PacketsReceived += r.Received.Packets
		t.BytesReceived += r.Received.IPBytes
		if k == 0 || r.First < t.First.UnixNano() {
			t.First = timeOf(r.First)
		}
		if k == 0 || r.Last > t.Last.UnixNano() {
			t.Last = timeOf(r.Last)
		}
	}
	t.Flows = uint64(len(flows))
	return t
}

// TestGenerated reads generated blobs and finds the generator's totals.
func TestGenerated(t *testing.T) {
	for _, s := range []flowlogtest.Spec{
		{}, {Flows: 3}, {Flows: 20_000, IPv6: 0.2, Seed: 7},
		{Version: 1, Flows: 500}, {Version: 2, Flows: 5000, IPv6: 0.1},
	} {
		data, want := blob(t, s)
		want.Bytes, want.Blocks, want.Records = 0, nil, 0
		for name, o := range both {
			t.Run(fmt.Sprintf("version %d, %d flows, %s", s.Version, s.Flows, name), func(t *testing.T) {
				res := readAll(data, o)
				if res.err != nil || len(res.skipped) > 0 || res.source.Status != flow.OK {
					t.Fatalf("status %s, skipped %v, error %v", res.source.Status, res.skipped, res.err)
				}
				if diff := cmp.Diff(want, sumUp(res.records)); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if res.source.Records != want.Tuples || res.source.Bytes != int64(len(data)) {
					t.Errorf("source has %d records of %d, %d bytes of %d", res.source.Records, want.Tuples, res.source.Bytes, len(data))
				}
				if diff := cmp.Diff([]string{s.MAC()}, res.source.Points); diff != "" {
					t.Errorf("points: -want +got\n%s", diff)
				}
			})
		}
	}
}

// TestQuick makes sure that usual files are not left to encoding/json.
func TestQuick(t *testing.T) {
	for _, s := range []flowlogtest.Spec{{Flows: 30_000, IPv6: 0.1}, {Version: 1}, {Version: 2}} {
		data, totals := blob(t, s)
		d := newDocument(bytes.NewReader(data), testInput(), options{maxRecord: MaxRecord})
		d.yield = func(flow.Batch) bool { return true }
		if err := d.run(); err != nil {
			t.Fatal(err)
		}
		if d.slow != 0 || totals.Records == 0 {
			t.Errorf("version %d: %d of %d records were left to encoding/json", s.Version, d.slow, totals.Records)
		}
	}
}

// TestStop makes sure that nothing is yielded after the caller breaks off.
func TestStop(t *testing.T) {
	data, _ := blob(t, flowlogtest.Spec{Flows: 20_000})
	n := 0
	for range Read(bytes.NewReader(data), testInput()) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d batches, want 2", n)
	}
}

func TestDetect(t *testing.T) {
	for head, want := range map[string]bool{
		`{"records":[`: true, "\xef\xbb\xbf \r\n\t{": true, ",{": true, "[": true,
		`:"UserRule","flowTuples":["1`: true, tupleE[3:] + `","` + tupleB + `"`: true, tupleE[20:] + `"]}]}]}}`: false,
		"": false, "\xd4\xc3\xb2\xa1": false, "time,src": false, "\xff\xfe{\x00": false,
	} {
		if got := Detect([]byte(head)); got != want {
			t.Errorf("Detect(%q) is %t", head, got)
		}
	}
}
