package traffic_test

import (
	"bytes"
	"testing"
	"time"

	"flowctl/collectors"
	"flowctl/collectors/flow"
	"flowctl/providers/sandbox/internal/traffic"
)

// TestReaders gives blobs and captures of every machine to flowctl's own
// readers, which must find nothing wrong with them, and the same packets in
// both for the flows that ended.
func TestReaders(t *testing.T) {
	w, m := builtin(t)
	from, to := w.Epoch, w.Epoch.Add(4*time.Minute)
	for _, nic := range w.NICs {
		if !nic.Running() || nic.Name == "nic-report-1" {
			continue
		}
		var capture bytes.Buffer
		c := traffic.Capture{Target: machine(nic), Start: from, Snap: 96}
		if err := m.WriteCapture(&capture, c, from, to); err != nil {
			t.Fatal(err)
		}
		packets := read(t, flow.Pcap, capture.Bytes())
		log := logOn(nic.ID, from)
		log.Until = to
		var logged []flow.Record
		for h := range 2 {
			if b := blob(m, nic, from.Add(time.Duration(h)*time.Hour), to.Add(time.Hour), log); b != nil {
				logged = append(logged, read(t, flow.VNetFlowLog, b)...)
			}
		}
		sums, ended := map[flow.Key]flow.Count{}, map[flow.Key]bool{}
		for _, r := range logged {
			s := sums[r.Key]
			s.Add(r.Sent)
			s.Add(r.Received)
			sums[r.Key] = s
			ended[r.Key] = ended[r.Key] || r.State == flow.End
		}
		for _, r := range packets {
			s := sums[r.Key]
			s.Packets -= r.Sent.Packets + r.Received.Packets
			s.IPBytes -= r.Sent.IPBytes + r.Received.IPBytes
			sums[r.Key] = s
		}
		n := 0
		for k, s := range sums {
			if !ended[k] {
				continue
			}
			n++
			if s.Packets != 0 || s.IPBytes != 0 {
				t.Errorf("%s: %+v differs by %+v", nic.Name, k, s)
			}
		}
		if n < 20 {
			t.Errorf("%s: only %d flows ended", nic.Name, n)
		}
	}
}

func read(t *testing.T, kind flow.Kind, data []byte) (out []flow.Record) {
	t.Helper()
	in := flow.Input{Source: &flow.Source{Path: "x"}, Names: flow.NewNames(), Skipped: &flow.Skipped{}, Point: "x"}
	for batch, err := range collectors.Read(bytes.NewReader(data), in) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, batch...)
	}
	if s := in.Skipped.All(); len(s) > 0 || in.Source.Status != flow.OK || in.Source.Kind != kind {
		t.Errorf("read as %s, %s, without %v", in.Source.Kind, in.Source.Status, s)
	}
	return out
}
