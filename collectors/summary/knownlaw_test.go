package summary

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// figures are what a row says, with what is known of it.
type figures struct {
	Packets, Frames, IP Figure
	Denied              Figure
	Flows               uint64
}

// measurement is a kind of record, by what its source measures and judges.
type measurement struct {
	packets, frames, ip bool
	judged              bool
	noIP                bool
}

var measurements = map[string]measurement{
	"log":     {packets: true, ip: true, judged: true},
	"begin":   {judged: true},
	"denied":  {judged: true},
	"capture": {packets: true, frames: true, ip: true},
	"frames":  {packets: true, frames: true, noIP: true},
}

// TestKnownLaw mixes what logs and captures say of different flows, and wants of every
// row each figure just if all that measured anything measured it: what was not measured
// is null, and so is a sum of which a part is not known.
func TestKnownLaw(t *testing.T) {
	kinds := []string{"log", "begin", "denied", "capture", "frames"}
	met := map[string]int{}
	for seed := range flowtest.Seeds(400) {
		r := rand.New(rand.NewPCG(seed, 16))
		names := flow.NewNames()
		var all flow.Batch
		var of []string
		for i := range 1 + r.IntN(12) {
			kind := kinds[r.IntN(len(kinds))]
			m := made{dst: fmt.Sprintf("20.0.0.%d", r.IntN(3)), sport: uint16(1000 + i), dport: 443, sent: uint64(100 * r.IntN(5)), back: uint64(100 * r.IntN(3))}
			switch kind {
			case "begin":
				m.state = flow.Begin
			case "denied":
				m.state = flow.Deny
			}
			rec := m.record(names)
			switch kind {
			case "capture":
				rec.Class, rec.Point, rec.Encryption = flow.Capture, names.Of("a.pcap"), flow.EncryptionUnknown
				rec.Measured |= flow.FrameBytes
				rec.Sent.FrameBytes, rec.Received.FrameBytes = rec.Sent.IPBytes+14*rec.Sent.Packets, rec.Received.IPBytes+14*rec.Received.Packets
			case "frames":
				rec = flow.Record{EtherType: uint16(0x0800 + r.IntN(3)), Class: flow.Capture, First: testStart, Last: testStart, Point: names.Of("a.pcap"), State: flow.Continue,
					Measured: flow.Packets | flow.FrameBytes, Sent: flow.Count{Packets: 1 + r.Uint64N(3), FrameBytes: r.Uint64N(500)}}
			}
			all, of = append(all, rec), append(of, kind)
		}
		sumOf := func(in func(i int) bool) (f figures) {
			lacks := map[string]bool{}
			some := map[string]bool{}
			judged := false
			for i := range all {
				if !in(i) {
					continue
				}
				m := measurements[of[i]]
				f.Flows++
				judged = judged || m.judged
				if of[i] == "denied" {
					f.Denied.N++
				}
				f.Packets.N += all[i].Sent.Packets + all[i].Received.Packets
				f.Frames.N += all[i].Sent.FrameBytes + all[i].Received.FrameBytes
				f.IP.N += all[i].Sent.IPBytes + all[i].Received.IPBytes
				if !m.packets && !m.frames && !m.ip {
					continue // it says nothing of amounts, and lacks nothing
				}
				for what, is := range map[string]bool{"packets": m.packets, "frames": m.frames, "ip": m.ip || m.noIP} {
					lacks[what] = lacks[what] || !is
				}
				some["packets"], some["frames"], some["ip"] = some["packets"] || m.packets, some["frames"] || m.frames, some["ip"] || m.ip
			}
			f.Packets.Known, f.Frames.Known, f.IP.Known = some["packets"] && !lacks["packets"], some["frames"] && !lacks["frames"], some["ip"] && !lacks["ip"]
			f.Denied.Known = judged || f.Flows == 0
			return f
		}
		shown := func(v Volume, denied Figure, flows uint64) figures {
			return figures{v.Packets, v.Bytes, v.IPBytes, denied, flows}
		}
		a := documentOf(t, names, all, Options{}, asked(t, "", "", "peer")).Asks[0]
		want, got := map[string]figures{}, map[string]figures{}
		for i := range all {
			peer := all[i].Dst.String()
			want[peer] = sumOf(func(k int) bool { return all[k].Dst.String() == peer })
		}
		for _, row := range a.Rows {
			got[row.Key[0]] = shown(row.Volume, row.Denied, row.Flows)
		}
		for peer := range want { // frames of one EtherType at one point are one row, and count as one flow
			if peer == "" {
				w := want[peer]
				types := map[uint16]bool{}
				for i := range all {
					if of[i] == "frames" {
						types[all[i].EtherType] = true
					}
				}
				w.Flows = uint64(len(types))
				want[peer] = w
			}
		}
		for _, f := range want {
			met[fmt.Sprint(f.Packets.Known, f.Frames.Known, f.IP.Known, f.Denied.Known)]++
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(x, y Figure) bool { return x.Known == y.Known && (!x.Known || x.N == y.N) })); diff != "" {
			t.Fatalf("seed %d, %s: (-want +got)\n%s", seed, strings.Join(of, " "), diff)
		}
	}
	if len(met) < 5 {
		t.Errorf("met %v", met)
	}
}
