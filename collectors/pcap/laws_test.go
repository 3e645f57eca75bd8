package pcap_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/pcaptest"
)

// course is what was counted of a 5-tuple, by side, and the course of its TCP.
type course struct {
	Counts              [2]flow.Count
	Again, Dup, Bytes   [2]int
	SYN, SYNACK, Resets [2]int
	Answered            uint32
}

// coursesOf adds records up by 5-tuple, without direction.
func coursesOf(records []flow.Record) map[string]course {
	all := map[string]course{}
	for i := range records {
		r := &records[i]
		p, from := pair{shown(r.Src), shown(r.Dst), r.SrcPort, r.DstPort, r.Proto}, 0
		if p.a.Compare(p.b) > 0 || p.a == p.b && p.pa > p.pb {
			p, from = pair{p.b, p.a, p.pb, p.pa, p.proto}, 1
		}
		key := fmt.Sprint(p, r.EtherType)
		c := all[key]
		counts, tcp := [2]flow.Count{r.Sent, r.Received}, [2]flow.TCPCount{r.TCP.Sent, r.TCP.Received}
		for i := range 2 {
			side, t := i^from, tcp[i]
			c.Counts[side].Add(counts[i])
			c.Again[side] += int(t.Retransmitted)
			c.Bytes[side] += int(t.RetransmittedBytes)
			c.Dup[side] += int(t.DupACKs)
			c.SYN[side] += int(t.SYN)
			c.SYNACK[side] += int(t.SYNACK)
			c.Resets[side] += int(t.RST)
		}
		c.Answered += r.TCP.Answered
		all[key] = c
	}
	return all
}

// withoutFrames leaves out the length of frames, which depends on the link.
func withoutFrames(all map[string]course) map[string]course {
	for k, c := range all {
		c.Counts[0].FrameBytes, c.Counts[1].FrameBytes = 0, 0
		all[k] = c
	}
	return all
}

// sample is traffic in which some of TCP is sent again.
func sample(seed uint64, packets int) []pcaptest.Record {
	r := rand.New(rand.NewPCG(seed, 2))
	var all []pcaptest.Record
	for rec := range (pcaptest.Traffic{Seed: seed, Packets: packets, Flows: packets / 12, Active: 20, Data: 300, Span: 12 * time.Minute}).Records() {
		rec.Data = slices.Clone(rec.Data)
		if rec.Data[12] == 8 && rec.Data[13] == 0 && r.IntN(2) == 0 {
			pcaptest.Identify(rec.Data, uint16(r.Uint32()))
		}
		all = append(all, rec)
		if r.IntN(20) == 0 {
			rec.At += int64(time.Duration(300+r.IntN(100)) * time.Microsecond)
			all = append(all, rec)
		}
	}
	slices.SortStableFunc(all, func(a, b pcaptest.Record) int { return int(a.At - b.At) })
	return all
}

// ipOf is the IP packet in an Ethernet frame, without padding.
func ipOf(frame []byte) []byte {
	at := 12
	for binary.BigEndian.Uint16(frame[at:]) == 0x8100 || binary.BigEndian.Uint16(frame[at:]) == 0x88a8 {
		at += 4
	}
	ip := frame[at+2:]
	if ip[0]>>4 == 4 {
		return ip[:binary.BigEndian.Uint16(ip[2:])]
	}
	return ip[:40+int(binary.BigEndian.Uint16(ip[4:]))]
}

// later are the frames that wrap gives of rs, after some time.
func later(rs []pcaptest.Record, after time.Duration, nic uint32, wrap func(i int, ip []byte) []byte) []pcaptest.Record {
	var all []pcaptest.Record
	for i, r := range rs {
		if data := wrap(i, ipOf(r.Data)); data != nil {
			all = append(all, pcaptest.Record{At: r.At + int64(after), Data: data, Interface: nic})
		}
	}
	return all
}

func inOrder(rs ...[]pcaptest.Record) []pcaptest.Record {
	all := slices.Concat(rs...)
	slices.SortStableFunc(all, func(a, b pcaptest.Record) int { return int(a.At - b.At) })
	return all
}

// anyFiles are captures of several interfaces of a machine that rs went
// through.
func anyFiles(rs []pcaptest.Record) map[string][]byte {
	const hop = 30 * time.Microsecond
	plain := func(i int, ip []byte) []byte { return pcaptest.Ethernet(ip) }
	routed := func(i int, ip []byte) []byte {
		ip = pcaptest.Partial(ip)
		if ip[0]>>4 == 4 {
			ip = pcaptest.TTL(ip)
		}
		return pcaptest.Ethernet(ip)
	}
	slave := func(n int) func(i int, ip []byte) []byte {
		return func(i int, ip []byte) []byte {
			if i%2 != n {
				return nil
			}
			return pcaptest.Ethernet(ip)
		}
	}
	cooked := func(kind uint16) func(i int, ip []byte) []byte {
		return func(i int, ip []byte) []byte { return pcaptest.Cooked(kind, ip) }
	}
	cooked2 := func(nic uint32, kind uint8) func(i int, ip []byte) []byte {
		return func(i int, ip []byte) []byte { return pcaptest.Cooked2(nic, kind, ip) }
	}
	n := pcaptest.Blocks{}
	ng := func(nics int, rs []pcaptest.Record) []byte {
		b := n.Section(nil)
		for range nics {
			b = n.Interface(b, 1, 0, 9, 0)
		}
		for _, r := range rs {
			b = n.Packet(b, r, uint64(r.At))
		}
		return b
	}
	return map[string][]byte{
		"cooked":         pcaptest.Classic{Link: 113, Magic: pcaptest.Nano}.File(inOrder(later(rs, 0, 0, cooked(pcaptest.ToUs)), later(rs, hop, 0, cooked(pcaptest.Outgoing)))...),
		"cooked 2":       pcaptest.Classic{Link: 276, Magic: pcaptest.Nano}.File(inOrder(later(rs, 0, 0, cooked2(7, pcaptest.ToUs)), later(rs, hop, 0, cooked2(2, pcaptest.Outgoing)))...),
		"one interface":  pcaptest.Classic{Link: 276, Magic: pcaptest.Nano}.File(later(rs, 0, 0, cooked2(7, pcaptest.ToUs))...),
		"two interfaces": ng(2, inOrder(later(rs, 0, 0, plain), later(rs, hop, 1, plain))),
		"modified":       pcaptest.Classic{Magic: pcaptest.Modified}.File(inOrder(later(rs, 0, 0, plain), later(rs, hop, 1, plain))...),
		"VLAN": ng(2, inOrder(later(rs, 0, 0, plain),
			later(rs, hop, 1, func(i int, ip []byte) []byte { return pcaptest.Ethernet(ip, 7) }))),
		"bond":      ng(3, inOrder(later(rs, 0, 0, slave(0)), later(rs, 0, 1, slave(1)), later(rs, hop, 2, plain))),
		"router":    ng(2, inOrder(later(rs, 0, 0, plain), later(rs, hop, 1, routed))),
		"three":     ng(3, inOrder(later(rs, 0, 0, plain), later(rs, hop, 1, routed), later(rs, 2*hop, 2, plain))),
		"one after": ng(2, slices.Concat(later(rs, 0, 0, plain), later(rs, hop, 1, plain))),
	}
}

// TestCountedOnce checks that packets which pass several interfaces of a
// machine count once, and that what was sent again stays.
func TestCountedOnce(t *testing.T) {
	rs := sample(3, 3000)
	records, _, err := read(bytes.NewReader(pcaptest.Classic{Link: 101, Magic: pcaptest.Nano}.File(later(rs, 0, 0, func(i int, ip []byte) []byte { return ip })...)))
	if err != nil {
		t.Fatal(err)
	}
	want := withoutFrames(coursesOf(records))
	var again int
	for _, c := range want {
		again += c.Again[0] + c.Again[1]
	}
	if again < 20 {
		t.Fatalf("only %d segments are sent again", again)
	}
	for name, file := range anyFiles(rs) {
		t.Run(name, func(t *testing.T) {
			records, in, err := read(bytes.NewReader(file))
			if err != nil || len(in.Skipped.All()) > 0 {
				t.Fatal(err, in.Skipped.All())
			}
			if diff := gocmp.Diff(want, withoutFrames(coursesOf(records))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if n := in.Source.Records - in.Source.Again.Packets; n != uint64(len(rs)) {
				t.Errorf("%d packets - %d again, want %d", in.Source.Records, in.Source.Again.Packets, len(rs))
			}
		})
	}
}

// cut cuts a capture into files at some of its packets: the beginning of each
// is that of the whole.
func cut(file []byte, at func(packet int) bool) [][]byte {
	var head []byte
	var parts [][]byte
	add := func(record []byte, packet int) {
		if len(parts) == 0 || at(packet) {
			parts = append(parts, slices.Clone(head))
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], record...)
	}
	kind, _ := pcap.Detect(file)
	little := file[3] == 0xa1 && kind == flow.Pcap || kind == flow.Pcapng && file[8] == 0x4d
	u32 := func(o int) int {
		if little {
			return int(binary.LittleEndian.Uint32(file[o:]))
		}
		return int(binary.BigEndian.Uint32(file[o:]))
	}
	switch kind {
	case flow.Pcap:
		head = file[:24]
		header := 16
		if u32(0) == pcaptest.Modified {
			header = 24
		}
		for o, n := 24, 0; o+header <= len(file); n++ {
			end := min(o+header+u32(o+8), len(file))
			add(file[o:end], n)
			o = end
		}
	case flow.Pcapng:
		for o, n := 0, 0; o+12 <= len(file); {
			end := min(o+(u32(o+4)+3)&^3, len(file))
			if k := u32(o); k == 0x0a0d0d0a || k == 1 {
				head = append(head, file[o:end]...)
				for i := range parts[max(0, len(parts)-1):] {
					parts[len(parts)-1-i] = append(parts[len(parts)-1-i], file[o:end]...)
				}
			} else {
				add(file[o:end], n)
				n++
			}
			o = end
		}
	}
	return parts
}

// readSeries reads the files of a capture one after the other.
func readSeries(t *testing.T, files [][]byte, window func(in *flow.Input)) (records []flow.Record, packets, again uint64) {
	t.Helper()
	var s pcap.Series
	names := flow.NewNames()
	for i, file := range files {
		in := flow.Input{Source: &flow.Source{Path: fmt.Sprint(i)}, Names: names, Skipped: &flow.Skipped{}, Point: "all"}
		if window != nil {
			window(&in)
		}
		err := s.Read(bytes.NewReader(file), in, flow.Workers{Main: func(b flow.Batch) bool {
			records = append(records, b...)
			return true
		}})
		if err != nil {
			t.Fatal(err)
		}
		packets += in.Source.Records - in.Source.Outside
		again += in.Source.Again.Packets
	}
	for _, r := range records {
		if r.Point != records[0].Point {
			t.Errorf("points %d and %d", r.Point, records[0].Point)
		}
		checkRecord(t, &r)
	}
	return records, packets, again
}

// lawful are captures that the laws are tried on.
func lawful(t *testing.T) map[string][]byte {
	rs := sample(5, 2000)
	files := anyFiles(rs)
	files["Ethernet"] = pcaptest.Classic{Magic: pcaptest.Nano}.File(rs...)
	files["cut"] = pcaptest.Traffic{Seed: 8, Packets: 3000, Flows: 300, Active: 50, Data: 300, Span: 8 * time.Minute}.File(pcaptest.Classic{Big: true}, 60)
	corpus, _ := filepath.Glob(filepath.Join(os.Getenv("FLOWCTL_CORPUS"), "captures", "*"))
	for _, f := range corpus {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if kind, ok := pcap.Detect(data); ok && kind != flow.Snoop {
			if _, in, err := read(bytes.NewReader(data)); err == nil && in.Source.Status == flow.OK {
				files[filepath.Base(f)] = data
			}
		}
	}
	return files
}

// TestRotated checks that a capture cut into files anywhere says what the whole
// does, also of TCP's course.
func TestRotated(t *testing.T) {
	for name, file := range lawful(t) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(9, 9))
			whole, packets, again := readSeries(t, [][]byte{file}, nil)
			for range 5 {
				often := 1 + r.IntN(200)
				parts := cut(file, func(int) bool { return r.IntN(often) == 0 })
				if len(parts) == 0 {
					continue
				}
				got, n, a := readSeries(t, parts, nil)
				if n != packets || a != again {
					t.Errorf("%d files: %d packets, %d of them again, want %d, %d", len(parts), n, a, packets, again)
				}
				if diff := gocmp.Diff(coursesOf(whole), coursesOf(got)); diff != "" {
					t.Fatalf("%d files: -want +got\n%s", len(parts), diff)
				}
			}
		})
	}
}

// TestWindow checks that a window cuts captures at packets, and that halves of
// one add up, also in what is said of TCP.
func TestWindow(t *testing.T) {
	for name, file := range lawful(t) {
		t.Run(name, func(t *testing.T) {
			all, _, _ := readSeries(t, [][]byte{file}, nil)
			first, last := flow.NoTime, flow.NoTime
			for _, r := range all {
				if r.First != flow.NoTime && (first == flow.NoTime || r.First < first) {
					first = r.First
				}
				last = max(last, r.Last)
			}
			if first == flow.NoTime || last <= 0 { // 0 is no bound
				return
			}
			window := func(from, to int64) map[string]course {
				records, n, again := readSeries(t, [][]byte{file}, func(in *flow.Input) { in.Start, in.End = from, to })
				var packets uint64
				for _, r := range records {
					packets += r.Sent.Packets + r.Received.Packets
					if r.First < from || r.Last >= to {
						t.Errorf("from %d to %d in a window from %d to %d", r.First, r.Last, from, to)
					}
				}
				if packets != n-again {
					t.Errorf("%d packets in records, %d - %d in the window", packets, n, again)
				}
				return coursesOf(records)
			}
			want := window(first, last+1)
			r := rand.New(rand.NewPCG(9, 9))
			for range 5 {
				middle := first + r.Int64N(last-first+1)
				got := joined(window(first, middle), window(middle, last+1))
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("halves at %d of %d to %d: -want +got\n%s", middle, first, last, diff)
				}
			}
		})
	}
}

// joined adds up what is said of the same 5-tuples.
func joined(a, b map[string]course) map[string]course {
	for k, c := range b {
		d := a[k]
		for s := range 2 {
			d.Counts[s].Add(c.Counts[s])
			d.Again[s] += c.Again[s]
			d.Dup[s] += c.Dup[s]
			d.Bytes[s] += c.Bytes[s]
			d.SYN[s] += c.SYN[s]
			d.SYNACK[s] += c.SYNACK[s]
			d.Resets[s] += c.Resets[s]
		}
		d.Answered += c.Answered
		a[k] = d
	}
	return a
}

// TestWindowOfBurst checks the bounds of a window: from and with its start, to
// and without its end.
func TestWindowOfBurst(t *testing.T) {
	var rs []pcaptest.Record
	for i := range 100 {
		rs = append(rs, pcaptest.Record{At: noon + int64(i)*2e8, Data: pcaptest.Ethernet(pcaptest.TCP(client, server, pcaptest.ACK, uint32(i)*10, 1, make([]byte, 10)))})
	}
	records, n, _ := readSeries(t, [][]byte{pcaptest.Classic{}.File(rs...)}, func(in *flow.Input) { in.Start, in.End = noon+10e9, noon+11e9 })
	if len(records) != 1 || n != 5 || records[0].Sent.Packets != 5 || records[0].First != noon+10e9 || records[0].Last != noon+10e9+8e8 {
		t.Errorf("%d packets, %+v", n, records)
	}
}
