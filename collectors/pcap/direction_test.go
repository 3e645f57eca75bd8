package pcap_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/pcaptest"
)

// TestDirection checks what is said of which way conversations went, by what
// frames say of each packet: of the side that opened first, then of the other.
func TestDirection(t *testing.T) {
	const in, out, others = pcaptest.ToUs, pcaptest.Outgoing, 3
	tests := map[string]struct {
		ways [2]uint8
		want flow.Direction
	}{
		"client":    {[2]uint8{out, in}, flow.Outbound},
		"server":    {[2]uint8{in, out}, flow.Inbound},
		"forwarder": {[2]uint8{in, in}, flow.DirectionUnknown},
		"others'":   {[2]uint8{others, others}, flow.DirectionUnknown},
		"one side":  {[2]uint8{out, others}, flow.Outbound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for format, file := range directed(test.ways) {
				records, _, err := read(bytes.NewReader(file))
				if err != nil || len(records) != 1 || records[0].Direction != test.want || records[0].Src != flow.AddrOf(client.Addr()) {
					t.Errorf("%s: want %s: %+v, %v", format, test.want, records, err)
				}
			}
		})
	}
}

// directed are captures of an exchange, in the formats that say which way a
// packet went.
func directed(ways [2]uint8) map[string][]byte {
	var one, two []pcaptest.Record
	n := pcaptest.Blocks{}
	ng := n.Interface(n.Section(nil), 1, 0, 9, 0)
	for i, r := range exchange() {
		kind := ways[i%2]
		one = append(one, pcaptest.Record{At: r.At, Data: pcaptest.Cooked(uint16(kind), ipOf(r.Data))})
		two = append(two, pcaptest.Record{At: r.At, Data: pcaptest.Cooked2(7, kind, ipOf(r.Data))})
		flags := map[uint8]uint32{pcaptest.ToUs: 1, pcaptest.Outgoing: 2}[kind]
		le := binary.LittleEndian
		b := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 0), uint32(r.At>>32)), uint32(r.At))
		b = le.AppendUint32(le.AppendUint32(b, uint32(len(r.Data))), uint32(len(r.Data)))
		b = append(b, r.Data...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		b = le.AppendUint32(append(b, 2, 0, 4, 0), flags)
		ng = n.Append(ng, pcaptest.BlockPacket, append(b, 0, 0, 0, 0))
	}
	return map[string][]byte{
		"cooked":   pcaptest.Classic{Link: 113}.File(one...),
		"cooked 2": pcaptest.Classic{Link: 276}.File(two...),
		"pcapng":   ng,
	}
}
