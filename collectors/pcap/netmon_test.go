package pcap_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/pcaptest"
)

// netmonRecord is a record of Network Monitor.
type netmonRecord struct {
	micro   uint64 // since the start
	network uint16
	utc     uint64 // as a FILETIME, from version 2.3 on
	data    []byte
}

// netmon writes a capture of version 2.minor that began at 2026-11-01 08:00. Its
// table names the records in the given order; nil for theirs.
func netmon(minor int, order []int, rs ...netmonRecord) []byte {
	o := binary.LittleEndian
	b := append([]byte("GMBU"), byte(minor), 2, 1, 0)
	for _, v := range []uint16{2026, 11, 0, 1, 8, 0, 0, 0} {
		b = o.AppendUint16(b, v)
	}
	b = append(b, make([]byte, 128-len(b))...)
	var table []uint32
	for _, r := range rs {
		table = append(table, uint32(len(b)))
		b = o.AppendUint64(b, r.micro)
		b = o.AppendUint32(o.AppendUint32(b, uint32(len(r.data))), uint32(len(r.data)))
		b = append(b, r.data...)
		trailer := o.AppendUint64(append(o.AppendUint16(nil, r.network), 0, 0, 0, 0), r.utc)
		b = append(b, append(trailer, 0)[:[]int{0, 2, 6, 15}[minor]]...)
	}
	if order == nil {
		for i := range table {
			order = append(order, i)
		}
	}
	o.PutUint32(b[24:], uint32(len(b)))
	o.PutUint32(b[28:], uint32(4*len(order)))
	for _, i := range order {
		b = o.AppendUint32(b, table[i])
	}
	return b
}

func netmonTCP(n int) []byte {
	return pcaptest.Ethernet(pcaptest.TCP(client, server, 0x18, uint32(100+n), 1, bytes.Repeat([]byte{'x'}, 10*n)))
}

var netmonStart = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC).UnixNano()

// TestNetmonVersions: whatever follows the data of a frame, and in whatever order
// they lie, the table leads to all of them.
func TestNetmonVersions(t *testing.T) {
	raw := pcaptest.UDP(client, server, []byte("data"))
	for minor := range 4 {
		rs := []netmonRecord{{0, 1, 0, netmonTCP(1)}, {1_500_000, 1, 0, netmonTCP(2)}, {2_000_000, 1, 0, netmonTCP(3)}}
		packets := uint64(3)
		if minor > 0 {
			rs = append(rs, netmonRecord{3_000_000, 0xffe0, 0, []byte("an event")}, netmonRecord{4_000_000, 9, 0, raw}, netmonRecord{4_000_000, 0xe000 + 101, 0, raw})
			packets = 5
		}
		order := []int{1, 0, 2}
		for i := 3; i < len(rs); i++ {
			order = append(order, i)
		}
		records, in, err := read(bytes.NewReader(netmon(minor, order, rs...)))
		if err != nil || in.Source.Status != flow.OK || in.Source.Kind != flow.NetMon || in.Source.Records != packets {
			t.Errorf("2.%d: %v, %+v", minor, err, in.Source)
		}
		i := slices.IndexFunc(records, func(r flow.Record) bool { return r.Proto == 6 })
		if i < 0 || records[i].First != netmonStart || records[i].Last != netmonStart+2e9 || records[i].Sent.Packets != 3 {
			t.Errorf("2.%d: %+v", minor, records)
		}
		told := fmt.Sprint(in.Skipped.All())
		if !strings.Contains(told, fmt.Sprintf("taken as UTC %d", packets)) || (minor > 0) != strings.Contains(told, "no packets 1") {
			t.Errorf("2.%d: %s", minor, told)
		}
	}
}

// TestNetmonTimes: from version 2.3 on frames have their own time.
func TestNetmonTimes(t *testing.T) {
	at := time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC).UnixNano()
	file := netmon(3, nil, netmonRecord{0, 1, uint64(at/100) + 116444736000000000, netmonTCP(1)}, netmonRecord{1 << 60, 1, 0, netmonTCP(2)})
	records, in, err := read(bytes.NewReader(file))
	if err != nil || len(records) != 1 || records[0].First != at || records[0].Sent.Packets != 2 {
		t.Errorf("%v, %+v", err, records)
	}
	if skips := in.Skipped.All(); len(skips) != 1 || !strings.Contains(skips[0].Reason, "time stamp out of range") {
		t.Errorf("%v", skips)
	}
}

// TestNetmonDamage: what there is is read, and the rest is told.
func TestNetmonDamage(t *testing.T) {
	whole := netmon(1, nil, netmonRecord{0, 1, 0, netmonTCP(1)}, netmonRecord{1, 1, 0, netmonTCP(2)}, netmonRecord{2, 1, 0, netmonTCP(3)})
	second := bytes.Clone(whole)
	at := binary.LittleEndian.Uint32(whole[24:])
	binary.LittleEndian.PutUint32(second[at+4:], 1<<30)
	for name, tt := range map[string]struct {
		file    []byte
		packets uint64
		status  flow.Status
	}{
		"whole": {whole, 3, flow.OK}, "without its table": {whole[:at], 3, flow.Truncated}, "cut in the third frame": {whole[:at-30], 2, flow.Truncated},
		"an entry beyond the end": {second, 2, flow.Corrupt}, "the header alone": {whole[:128], 0, flow.Truncated},
	} {
		_, in, err := read(bytes.NewReader(tt.file))
		if err != nil || in.Source.Records != tt.packets || in.Source.Status != tt.status {
			t.Errorf("%s: %v, %d packets, %s: %v; want %d, %s", name, err, in.Source.Records, in.Source.Status, in.Skipped.All(), tt.packets, tt.status)
		}
	}
}

// TestNetmonOfEditcap reads what Wireshark's own writer made of a capture.
func TestNetmonOfEditcap(t *testing.T) {
	needTshark(t)
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "a.cap")
	file := pcaptest.Traffic{Seed: 8, Packets: 500, Flows: 40, Active: 8, Data: 100, Span: 10 * time.Second}.File(pcaptest.Classic{}, 65535)
	if err := os.WriteFile(from, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("editcap", "-F", "netmon2", from, to)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	want, _, _ := read(bytes.NewReader(file))
	got, in, err := read(bytes.NewReader(b))
	if err != nil || in.Source.Kind != flow.NetMon {
		t.Fatal(err, in.Source)
	}
	for _, rs := range [][]flow.Record{want, got} {
		slices.SortFunc(rs, func(a, b flow.Record) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-pcap +netmon\n%.3000s", diff)
	}
}
