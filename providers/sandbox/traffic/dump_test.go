package traffic

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
	"os"

	"flowctl/providers/sandbox/world"
)

func TestDump(t *testing.T) {
	w, err := world.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Now()
	m := New(w)
	t.Log("new", time.Since(t0))
	now := w.Epoch.Add(5 * time.Hour)
	total := 0
	for _, n := range w.NICs {
		t0 := time.Now()
		l := Log{ID: "/subscriptions/x", GUID: "g", Target: n.Subnet.VNet.ID, Since: w.Epoch}
		var b bytes.Buffer
		for bl := range m.Hour(n, w.Epoch.Add(time.Hour), now, l) {
			b.Write(bl.Data)
		}
		d := time.Since(t0)
		total += b.Len()
		if b.Len() > 0 && !json.Valid(b.Bytes()) {
			t.Error("bad json")
		}
		c := Capture{Target: w.VMs[0].ID, Start: w.Epoch.Add(time.Minute), TimeLimit: 10 * time.Minute, Snap: 128, MaxBytes: 256 << 20}
		if n.VM != nil { c.Target = n.VM.ID } else { c.Target = n.Instance.ID }
		t1 := time.Now()
		end, reason, size := m.CaptureEnd(c, time.Time{})
		d1 := time.Since(t1)
		t1 = time.Now()
		var cw bytes.Buffer
		m.WriteCapture(&cw, c, c.Start, end)
		t.Log(n.Name, b.Len(), d, "| cap", end.Sub(c.Start), reason, size, d1, "wrote", cw.Len(), time.Since(t1))
		if os.Getenv("DUMP") != "" {
			os.WriteFile(os.Getenv("DUMP")+"/"+n.Name+n.MAC+".pcap", cw.Bytes(), 0o600)
			os.WriteFile(os.Getenv("DUMP")+"/"+n.Name+n.MAC+".json", b.Bytes(), 0o600)
		}
	}
	t.Log(total)
}
