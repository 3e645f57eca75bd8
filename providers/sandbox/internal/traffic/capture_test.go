package traffic_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"flowctl/providers/sandbox/internal/traffic"
)

var update = flag.Bool("update", false, "write the golden files")

// counter counts what is written.
type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// TestCaptureEnd checks when and why captures end, and that their files are as
// large as was said.
func TestCaptureEnd(t *testing.T) {
	w, m := builtin(t)
	web, report := machine(nicOf(t, w, "nic-web-1")), machine(nicOf(t, w, "nic-report-1"))
	start := w.Epoch.Add(42*time.Minute + 123456*time.Microsecond)
	tests := map[string]struct {
		capture traffic.Capture
		stop    time.Duration
		reason  string
		end     time.Duration // 0: by size, before the time limit
	}{
		"time":          {traffic.Capture{Target: web, TimeLimit: 3 * time.Minute}, 0, traffic.TimeExceeded, 3 * time.Minute},
		"stopped":       {traffic.Capture{Target: web, TimeLimit: 3 * time.Minute}, 50 * time.Second, traffic.Manual, 50 * time.Second},
		"stopped late":  {traffic.Capture{Target: web, TimeLimit: time.Minute}, time.Hour, traffic.TimeExceeded, time.Minute},
		"size":          {traffic.Capture{Target: report, TimeLimit: time.Hour, MaxBytes: 1 << 20}, 0, traffic.SizeExceeded, 0},
		"size, headers": {traffic.Capture{Target: report, TimeLimit: time.Hour, MaxBytes: 1 << 20, Snap: 64}, 0, traffic.SizeExceeded, 0},
		"size, no time": {traffic.Capture{Target: web, MaxBytes: 300_000, Snap: 100}, 0, traffic.SizeExceeded, 0},
		"roomy":         {traffic.Capture{Target: web, TimeLimit: time.Minute, MaxBytes: 1 << 40}, 0, traffic.TimeExceeded, time.Minute},
		"no room":       {traffic.Capture{Target: web, TimeLimit: time.Minute, MaxBytes: 10}, 0, traffic.SizeExceeded, 0},
		"filtered": {traffic.Capture{Target: web, TimeLimit: 2 * time.Minute, Filters: []traffic.CaptureFilter{
			{Protocol: "TCP", LocalPort: "443"}, {Protocol: "UDP", RemotePort: "53;123;"},
		}}, 0, traffic.TimeExceeded, 2 * time.Minute},
		"nothing": {traffic.Capture{Target: web, TimeLimit: time.Minute, Filters: []traffic.CaptureFilter{{LocalPort: "1"}}}, 0, traffic.TimeExceeded, time.Minute},
	}
	for name, test := range tests {
		c := test.capture
		c.Start = start
		var stop time.Time
		if test.stop > 0 {
			stop = start.Add(test.stop)
		}
		end, reason, size := m.CaptureEnd(c, stop)
		if reason != test.reason || test.end > 0 && end.Sub(start) != test.end {
			t.Errorf("%s: ended after %v by %s", name, end.Sub(start), reason)
		}
		var file counter
		if err := m.WriteCapture(&file, c, c.Start, end); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if file.n != size || m.CaptureSize(c, end) != size {
			t.Errorf("%s: %d bytes written, %d and %d said", name, file.n, size, m.CaptureSize(c, end))
		}
		if test.end > 0 || c.MaxBytes < 100 {
			continue
		}
		next := end.Add(time.Microsecond) // the packet that would break the limit is sent at end
		more := m.CaptureSize(c, next)
		file.n = 0
		if err := m.WriteCapture(&file, c, c.Start, next); err != nil || file.n != more {
			t.Errorf("%s: %d bytes written with the next packet, %d said: %v", name, file.n, more, err)
		}
		if size > c.MaxBytes || more <= c.MaxBytes {
			t.Errorf("%s: %d bytes, %d with the next packet, allowed are %d", name, size, more, c.MaxBytes)
		}
	}
	if end, reason, _ := m.CaptureEnd(traffic.Capture{Target: web, Start: start}, time.Time{}); !end.IsZero() || reason != "" {
		t.Errorf("a capture without limits ended at %v by %q", end, reason)
	}
}

// TestCaptureFiles checks that the files of a continuous capture follow each
// other, hold what a single file would, and that only the last are kept.
func TestCaptureFiles(t *testing.T) {
	w, m := builtin(t)
	c := traffic.Capture{
		Target: machine(nicOf(t, w, "nic-app-1")), Start: w.Epoch, TimeLimit: 5 * time.Minute, Snap: 128,
		Ring: &traffic.Ring{Files: 100, FileSize: 1 << 20},
	}
	end, reason, size := m.CaptureEnd(c, time.Time{})
	if reason != traffic.TimeExceeded {
		t.Fatalf("ended by %s", reason)
	}
	files := m.CaptureFiles(c, end)
	sum, at := int64(0), c.Start
	for i, f := range files {
		if !f.From.Equal(at) || f.Number != i+1 {
			t.Errorf("file %d begins at %v, want %v", f.Number, f.From, at)
		}
		var file counter
		if err := m.WriteCapture(&file, c, f.From, f.To); err != nil || file.n != f.Size || f.Size > 1<<20 {
			t.Errorf("file %d: %d bytes written, %d said: %v", f.Number, file.n, f.Size, err)
		}
		sum, at = sum+f.Size-24, f.To
	}
	if sum != size-24 || !at.Equal(end) || len(files) < 5 {
		t.Errorf("%d files to %v with %d bytes, want %d", len(files), at, sum, size-24)
	}
	c.Ring.Files = 3
	if diff := cmp.Diff(files[len(files)-3:], m.CaptureFiles(c, end)); diff != "" {
		t.Errorf("the last three files: -want +got\n%s", diff)
	}
	c.Ring = nil
	if one := m.CaptureFiles(c, end); len(one) != 1 || one[0].Size != size {
		t.Errorf("a classic capture has files %v", one)
	}
}

// TestCaptureFilter compares filtered captures with what a filter should leave
// of an unfiltered one.
func TestCaptureFilter(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-web-1")
	type packet struct {
		at           time.Time
		proto        string
		remote       netip.Addr
		lport, rport int
	}
	read := func(filters ...traffic.CaptureFilter) (out []packet) {
		c := traffic.Capture{Target: machine(nic), Start: w.Epoch, Filters: filters}
		packets(t, m, c, w.Epoch, w.Epoch.Add(30*time.Second), func(at time.Time, _ int, p gopacket.Packet) {
			ip := p.NetworkLayer().(*layers.IPv4)
			src, _ := netip.AddrFromSlice(ip.SrcIP)
			dst, _ := netip.AddrFromSlice(ip.DstIP)
			q := packet{at: at, proto: ip.Protocol.String(), remote: dst}
			switch l := p.TransportLayer().(type) {
			case *layers.TCP:
				q.lport, q.rport = int(l.SrcPort), int(l.DstPort)
			case *layers.UDP:
				q.lport, q.rport = int(l.SrcPort), int(l.DstPort)
			}
			if src != nic.Private {
				q.remote, q.lport, q.rport = src, q.rport, q.lport
			}
			out = append(out, q)
		})
		return out
	}
	all := read()
	tests := map[string]struct {
		filters []traffic.CaptureFilter
		want    func(packet) bool
	}{
		"local port":  {[]traffic.CaptureFilter{{LocalPort: "443"}}, func(p packet) bool { return p.lport == 443 }},
		"remote port": {[]traffic.CaptureFilter{{RemotePort: "8443"}}, func(p packet) bool { return p.rport == 8443 }},
		"protocol":    {[]traffic.CaptureFilter{{Protocol: "UDP"}}, func(p packet) bool { return p.proto == "UDP" }},
		"range and list": {
			[]traffic.CaptureFilter{{RemoteAddress: "10.1.3.4-10.1.3.5"}, {Protocol: "TCP", LocalPort: "80;443;"}},
			func(p packet) bool {
				a := p.remote.String()
				return a == "10.1.3.4" || a == "10.1.3.5" || p.proto == "TCP" && (p.lport == 80 || p.lport == 443)
			},
		},
		"all fields": {
			[]traffic.CaptureFilter{{Protocol: "TCP", LocalAddress: "10.1.1.4", RemoteAddress: "10.1.2.4;10.1.2.5", RemotePort: "8000-9000"}},
			func(p packet) bool {
				a := p.remote.String()
				return p.proto == "TCP" && (a == "10.1.2.4" || a == "10.1.2.5") && p.rport >= 8000 && p.rport <= 9000
			},
		},
	}
	for name, test := range tests {
		var want []packet
		for _, p := range all {
			if test.want(p) {
				want = append(want, p)
			}
		}
		got := read(test.filters...)
		if len(want) == 0 || len(want) == len(all) || !slices.Equal(got, want) {
			t.Errorf("%s: %d packets, want %d of %d", name, len(got), len(want), len(all))
		}
	}
}

func TestCaptureFilterErrors(t *testing.T) {
	tests := map[string]struct {
		filter traffic.CaptureFilter
		want   string
	}{
		"protocol": {traffic.CaptureFilter{Protocol: "GRE"}, `protocol "GRE" is not TCP, UDP or Any`},
		"port":     {traffic.CaptureFilter{LocalPort: "http"}, `localPort: "http" is not a port`},
		"cidr":     {traffic.CaptureFilter{RemoteAddress: "10.0.0.0/8"}, "remoteIPAddress"},
		"mixed":    {traffic.CaptureFilter{RemotePort: "80-90;443"}, "mixes a range with a list"},
	}
	for name, test := range tests {
		c := traffic.Capture{Filters: []traffic.CaptureFilter{{}, test.filter}}
		err := c.Check()
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "filter 2: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := traffic.Capture{Filters: []traffic.CaptureFilter{
		{Protocol: "any", LocalAddress: "10.0.0.1-10.0.0.9", LocalPort: "80-85", RemoteAddress: "192.0.2.1;192.0.2.2", RemotePort: "80;443;"},
	}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

// TestGolden pins the bytes of the built-in world: they must be the same in
// every process, on every machine, and change only on purpose.
func TestGolden(t *testing.T) {
	w, m := builtin(t)
	var got strings.Builder
	for _, name := range []string{"nic-web-1", "nic-db-1", "nic-report-1", "nic-vmss-api"} {
		nic := nicOf(t, w, name)
		hour := blob(m, nic, w.Epoch, w.Epoch.Add(time.Hour), logOn(nic.Subnet.VNet.ID, w.Epoch))
		file := sha256.New()
		c := traffic.Capture{Target: machine(nic), Start: w.Epoch, Snap: 128}
		if err := m.WriteCapture(file, c, c.Start, c.Start.Add(10*time.Second)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s %s\nblob %x\ncapture %x\n", name, nic.MAC, sha256.Sum256(hour), file.Sum(nil))
	}
	path := filepath.Join("testdata", "builtin.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the world's bytes changed; if on purpose, run with -update. -want +got\n%s", diff)
	}
}

// TestSeed checks that another seed is another world.
func TestSeed(t *testing.T) {
	var files [2][]byte
	for i, seed := range []string{"seed         = 7", "seed         = 8"} {
		w, m := parse(t, strings.Replace(lab, "seed         = 7", seed, 1))
		var b bytes.Buffer
		c := traffic.Capture{Target: machine(w.NICs[0]), Start: w.Epoch, Filters: []traffic.CaptureFilter{{Protocol: "UDP"}}}
		if err := m.WriteCapture(&b, c, c.Start, c.Start.Add(10*time.Minute)); err != nil {
			t.Fatal(err)
		}
		files[i] = b.Bytes()
	}
	if bytes.Equal(files[0], files[1]) || len(files[0]) < 5_000 {
		t.Errorf("the seed changes nothing")
	}
}

// TestMemory streams a capture of 200 MB and an hour of a busy interface, and
// allocates next to nothing for it.
func TestMemory(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-report-1")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var file counter
	c := traffic.Capture{Target: machine(nic), Start: w.Epoch}
	if err := m.WriteCapture(&file, c, c.Start, c.Start.Add(36*time.Second)); err != nil {
		t.Fatal(err)
	}
	for b := range m.Hour(nicOf(t, w, "nic-web-1"), w.Epoch, w.Epoch.Add(time.Hour*2), logOn(nic.ID, w.Epoch), logOn(nicOf(t, w, "nic-web-1").ID, w.Epoch)) {
		file.n += int64(len(b.Data))
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 || file.n < 200e6 {
		t.Errorf("%d bytes allocated for %d written", used, file.n)
	}
}

func TestWriteErrors(t *testing.T) {
	w, m := builtin(t)
	c := traffic.Capture{Target: machine(nicOf(t, w, "nic-web-1")), Start: w.Epoch}
	r, pw := io.Pipe()
	_ = r.CloseWithError(io.ErrClosedPipe)
	if err := m.WriteCapture(pw, c, c.Start, c.Start.Add(time.Minute)); err != io.ErrClosedPipe {
		t.Errorf("a failing writer gives %v", err)
	}
	c.Filters = []traffic.CaptureFilter{{LocalPort: "x"}}
	if err := m.WriteCapture(io.Discard, c, c.Start, c.Start.Add(time.Minute)); err == nil {
		t.Error("a bad filter gives no error")
	}
}

func BenchmarkCapture(b *testing.B) {
	for _, snap := range []int64{0, 128} {
		b.Run(fmt.Sprintf("snap=%d", snap), func(b *testing.B) {
			w, m := builtin(b)
			c := traffic.Capture{Target: machine(nicOf(b, w, "nic-report-1")), Start: w.Epoch, Snap: snap}
			end := c.Start.Add(20 * time.Second)
			b.SetBytes(m.CaptureSize(c, end))
			for b.Loop() {
				if err := m.WriteCapture(io.Discard, c, c.Start, end); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHour(b *testing.B) {
	for _, name := range []string{"nic-web-1", "nic-app-1", "nic-db-1", "nic-report-1"} {
		b.Run(name, func(b *testing.B) {
			w, m := builtin(b)
			nic := nicOf(b, w, name)
			log, now := logOn(nic.ID, w.Epoch), w.Epoch.Add(3*time.Hour)
			n := 0
			for b.Loop() {
				n = 0
				for block := range m.Hour(nic, w.Epoch.Add(time.Hour), now, log) {
					n += len(block.Data)
				}
			}
			b.SetBytes(int64(n))
		})
	}
}

func BenchmarkCaptureEnd(b *testing.B) {
	w, m := builtin(b)
	c := traffic.Capture{Target: machine(nicOf(b, w, "nic-web-1")), Start: w.Epoch, TimeLimit: 5 * time.Hour, MaxBytes: 1 << 30, Snap: 128}
	for b.Loop() {
		m.CaptureEnd(c, time.Time{})
	}
}
