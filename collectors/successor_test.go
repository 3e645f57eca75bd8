package collectors

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"flowctl/collectors/flow/flowtest"
	"flowctl/collectors/pcap/pcaptest"
)

// talk is n packets of UDP of several flows, step apart, each with a number of its own.
func talk(n int, step time.Duration) []pcaptest.Record {
	var rs []pcaptest.Record
	at := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC).UnixNano()
	for i := range n {
		client := netip.AddrPortFrom(netip.MustParseAddr("10.1.0.4"), uint16(50000+i/40)) // short flows
		if i%2 == 0 {
			client = netip.MustParseAddrPort("10.1.0.4:40000") // and a long one
		}
		frame := pcaptest.Ethernet(pcaptest.UDP(client, netip.MustParseAddrPort("10.2.0.5:514"), make([]byte, 100+i%7)))
		pcaptest.Identify(frame, uint16(i+1))
		rs = append(rs, pcaptest.Record{At: at + int64(i)*int64(step), Data: frame})
	}
	return rs
}

// sumOf is what a document says in all, and what it says of how.
func sumOf(t *testing.T, s Sum) (packets, bytes uint64, flows int, codes []string) {
	t.Helper()
	doc, problems, err := s.Run(t.Context())
	if err != nil || problems.Count > 0 {
		t.Fatal(err, problems)
	}
	for _, c := range doc.Coverage {
		codes = append(codes, c.Code)
	}
	return doc.Total.Packets.N, doc.Total.IPBytes.N, int(doc.Total.Flows), codes
}

// TestCapturesInSuccession checks that captures of one place whose names have nothing
// in common count each packet, however they meet; so do the flows that are kept of
// them.
func TestCapturesInSuccession(t *testing.T) {
	const n = 600
	rs := talk(n, 10*time.Millisecond)
	swapped := slices.Clone(rs) // packets that are out of order where the files meet
	for _, b := range []int{200, 400} {
		for i := range 5 {
			swapped[b-1-i], swapped[b+i] = swapped[b+i], swapped[b-1-i]
		}
	}
	for name, rs := range map[string][]pcaptest.Record{"in order": rs, "out of order": swapped} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var paths []string
			for i, name := range []string{"morning", "noon", "evening"} {
				paths = append(paths, filepath.Join(dir, name+".pcap"))
				put(t, paths[i], pcaptest.Classic{Magic: pcaptest.Nano}.File(rs[i*200:i*200+200]...))
			}
			whole := filepath.Join(t.TempDir(), "whole.pcap")
			put(t, whole, pcaptest.Classic{Magic: pcaptest.Nano}.File(rs...))
			wantPackets, wantBytes, wantFlows, _ := sumOf(t, Sum{Items: itemsOf(whole)})
			if wantPackets != n {
				t.Fatalf("the whole file has %d packets", wantPackets)
			}
			var kept bytes.Buffer
			for _, s := range []Sum{
				{Items: itemsOf(dir)}, {Items: itemsOf(paths[1], paths[2], paths[0]), Workers: 1},
				{Items: itemsOf(dir), Flows: &Flows{To: &kept}},
			} {
				packets, bytes, flows, codes := sumOf(t, s)
				if packets != wantPackets || bytes != wantBytes || flows != wantFlows {
					t.Errorf("%d packets, %d bytes, %d flows; want %d, %d, %d", packets, bytes, flows, wantPackets, wantBytes, wantFlows)
				}
				if !slices.Contains(codes, "captures-in-succession") {
					t.Errorf("coverage says %v", codes)
				}
			}
			flows := filepath.Join(t.TempDir(), "flows.parquet")
			put(t, flows, kept.Bytes())
			if packets, bytes, n, _ := sumOf(t, Sum{Items: itemsOf(flows)}); packets != wantPackets || bytes != wantBytes || n != wantFlows {
				t.Errorf("kept: %d packets, %d bytes, %d flows; want %d, %d, %d", packets, bytes, n, wantPackets, wantBytes, wantFlows)
			}
		})
	}
}

// TestCapturesOfTwoPlaces checks that the packets of two captures that overlap a little
// and have packets in common are no further packets.
func TestCapturesOfTwoPlaces(t *testing.T) {
	rs := talk(600, 10*time.Millisecond)
	for _, overlap := range []int{10, 50, 90} {
		t.Run(fmt.Sprint(overlap), func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "client.pcap"), pcaptest.Classic{Magic: pcaptest.Nano}.File(rs[:300+overlap]...))
			put(t, filepath.Join(dir, "server.pcap"), pcaptest.Classic{Magic: pcaptest.Nano}.File(rs[300:]...))
			packets, _, _, codes := sumOf(t, Sum{Items: itemsOf(dir)})
			if packets > 600 || packets < 600-100 || slices.Contains(codes, "captures-in-succession") {
				t.Errorf("%d packets, %v", packets, codes)
			}
			if packets < 600 && !slices.Contains(codes, "captures-that-meet") {
				t.Errorf("%d packets of 600 and no word: %v", packets, codes)
			}
		})
	}
}

// TestSuccessionLaw checks that a capture of anything, cut anywhere into files with
// names that have nothing in common, with any disorder of up to a tenth of a second in files of some seconds,
// says in all what it says as one file.
func TestSuccessionLaw(t *testing.T) {
	names := []string{"alpha", "beta", "gamma", "delta"}
	for seed := range flowtest.Seeds(60) {
		random := rand.New(rand.NewPCG(seed, 7))
		rs := talk(400+random.IntN(800), time.Duration(15+random.IntN(30))*time.Millisecond)
		if seed%2 == 0 {
			rs = webPackets(400 + random.IntN(800))
			for i := range rs { // for ten seconds
				rs[i].At += int64(i) * int64(10*time.Second) / int64(len(rs))
			}
		}
		whole := filepath.Join(t.TempDir(), "whole.pcap")
		put(t, whole, pcaptest.Classic{Magic: pcaptest.Nano}.File(rs...))
		packets, bytes, flows, _ := sumOf(t, Sum{Items: itemsOf(whole)})
		late := slices.Clone(rs)
		for i := range late { // as they come from the queues of a card
			late[i].At += random.Int64N(int64(100 * time.Millisecond))
		}
		dir := t.TempDir()
		cuts := []int{0, len(late) / 4, len(late) / 2, len(late) * 3 / 4, len(late)}
		for i := range cuts[1:] {
			if i < 3 {
				cuts[i+1] += random.IntN(len(late) / 8)
			}
			put(t, filepath.Join(dir, names[i]+".pcap"), pcaptest.Classic{Magic: pcaptest.Nano}.File(late[cuts[i]:cuts[i+1]]...))
		}
		if p, b, f, codes := sumOf(t, Sum{Items: itemsOf(dir)}); p != packets || b != bytes || f != flows {
			t.Fatalf("seed %d, cut at %v: %d packets, %d bytes, %d flows; want %d, %d, %d (%v)", seed, cuts, p, b, f, packets, bytes, flows, codes)
		}
	}
}

// TestTwoPlacesRotated checks that the files of two machines that saw the same traffic, in
// two or more files each, are two views of it: also where one machine's file ends as one
// of the other machine begins, and where their names differ in a number alone.
func TestTwoPlacesRotated(t *testing.T) {
	rs := talk(400, 20*time.Millisecond)
	file := func(from, to int, late time.Duration) []byte {
		return pcaptest.Classic{Magic: pcaptest.Nano}.File(delayed(rs[from:to], late)...)
	}
	const late = 400 * time.Microsecond
	for name, files := range map[string]map[string][]byte{
		"names":               {"alice-0.pcap": file(0, 200, 0), "alice-1.pcap": file(200, 400, 0), "bob-0.pcap": file(0, 213, late), "bob-1.pcap": file(213, 400, late)},
		"no names":            {"dawn.pcap": file(0, 200, 0), "noon.pcap": file(200, 400, 0), "east.pcap": file(0, 213, late), "west.pcap": file(213, 400, late)},
		"numbers of machines": {"web1.pcap": file(0, 300, 0), "web2.pcap": file(170, 400, late)},
		"files that overlap":  {"c_1.pcap": file(0, 240, 0), "c_2.pcap": file(160, 400, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for name, b := range files {
				put(t, filepath.Join(dir, name), b)
			}
			packets, _, _, codes := sumOf(t, Sum{Items: itemsOf(dir)})
			if packets > 400 || packets < 380 || packets < 400 && !slices.Contains(codes, "captures-that-meet") {
				t.Errorf("%d packets, want 400; %v", packets, codes)
			}
		})
	}
}
