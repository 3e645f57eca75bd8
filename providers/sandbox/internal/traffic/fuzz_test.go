package traffic_test

import (
	"io"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// FuzzWorld runs any world that reads without error: its captures must be as
// large as was said, its records must have the form of JSON.
func FuzzWorld(f *testing.F) {
	f.Add([]byte(lab))
	f.Fuzz(func(t *testing.T, src []byte) {
		w, err := world.Parse("fuzz.hcl", src)
		if err != nil {
			return
		}
		m := traffic.New(w)
		for _, nic := range w.NICs {
			c := traffic.Capture{Target: plan.ID(nic.Machine()), Start: w.Epoch, TimeLimit: time.Minute, MaxBytes: 1 << 20}
			end, _, size := m.CaptureEnd(c, time.Time{})
			var file counter
			if err := m.WriteCapture(io.MultiWriter(&file), c, c.Start, end); err != nil || file.n != size {
				t.Errorf("%d bytes written, %d said: %v", file.n, size, err)
			}
			if b := m.Block(logOn(nic.ID, w.Epoch), nic, w.Epoch); b != nil {
				tuples(t, []byte(`{"records":[`+string(b)+`]}`))
			}
		}
	})
}

// FuzzParseFilter gives any text to the filter reader.
func FuzzParseFilter(f *testing.F) {
	f.Add("srcIP=158.255.7.8 || dstPort=54300-54400 && Protocol!=TCP")
	f.Add("encryption=NX_ALL")
	w, err := world.Builtin()
	if err != nil {
		f.Fatal(err)
	}
	m := traffic.New(w)
	nic := nicOf(f, w, "nic-dr-1")
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := traffic.ParseFilter(text)
		if err != nil {
			return
		}
		log := logOn(nic.ID, w.Epoch)
		log.Filter = filter
		m.Block(log, nic, w.Epoch)
	})
}
