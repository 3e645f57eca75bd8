package pcap

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/pcaptest"
)

// TestPoints wants a capture of several interfaces to be a point for each that a
// packet was captured at, and one of a single interface to be one.
func TestPoints(t *testing.T) {
	client, server := netip.MustParseAddrPort("10.0.0.4:50000"), netip.MustParseAddrPort("203.0.113.9:443")
	ip := func(i uint32) []byte { return pcaptest.TCP(client, server, pcaptest.ACK, i, 1, []byte("data")) }
	n := pcaptest.Blocks{}
	named := func(b []byte, name string) []byte {
		le := binary.LittleEndian
		body := le.AppendUint32([]byte{1, 0, 0, 0}, 262144)
		body = append(le.AppendUint16(le.AppendUint16(body, 2), uint16(len(name))), name...)
		body = append(body, make([]byte, (4-len(name)%4)%4+4)...)
		return n.Append(b, pcaptest.BlockInterface, body)
	}
	at := func(b []byte, nic, i uint32) []byte {
		return n.Packet(b, pcaptest.Record{Data: pcaptest.Ethernet(ip(i)), Interface: nic}, uint64(i))
	}
	two := n.Interface(named(n.Section(nil), "eth0"), 1, 262144, 6, 0)
	for name, tt := range map[string]struct {
		file []byte
		want []string
	}{
		"one interface":             {at(named(n.Section(nil), "eth0"), 0, 1), []string{"point"}},
		"two":                       {at(at(at(two, 1, 1), 0, 2), 1, 3), []string{"point: interface 1", "point: eth0"}},
		"two, one without a packet": {at(two, 0, 1), []string{"point: eth0"}},
		"a name that is no text":    {at(n.Interface(named(n.Section(nil), "\xff\xfe"), 1, 262144, 6, 0), 0, 1), []string{"point: interface 0"}},
		"all of a machine": {pcaptest.Classic{Link: 276}.File(
			pcaptest.Record{At: 1, Data: pcaptest.Cooked2(7, pcaptest.Outgoing, ip(1))}, pcaptest.Record{At: 2, Data: pcaptest.Cooked2(3, pcaptest.ToUs, ip(2))},
		), []string{"point: interface 7", "point: interface 3"}},
		"all of a machine, of which none is told": {pcaptest.Classic{Link: 113}.File(pcaptest.Record{At: 1, Data: pcaptest.Cooked(pcaptest.ToUs, ip(1))}), []string{"point"}},
	} {
		var s Series
		// The second file of a capture names what it has itself.
		for range 2 {
			in := flow.Input{Source: &flow.Source{}, Names: flow.NewNames(), Skipped: &flow.Skipped{}, Point: "point"}
			err := s.Read(bytes.NewReader(tt.file), in, flow.Workers{Main: func(flow.Batch) bool { return true }})
			if diff := cmp.Diff(tt.want, in.Source.Points); err != nil || diff != "" {
				t.Errorf("%s: %v, -want +got\n%s", name, err, diff)
			}
		}
	}
}
