package bench

import (
	"io"
	"net/netip"

	"flowctl/collectors/pcap/pcaptest"
)

// writeFlows makes a capture of so many flows of one packet each, between so many
// pairs of addresses: what fills memory most.
func writeFlows(name string, flows, pairs int) error {
	return create(name, func(w io.Writer) error {
		var file pcaptest.Classic
		b := file.Append(nil)
		for i := range flows {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = file.AppendRecord(b[:0], flowPacket(i, pairs))
		}
		_, err := w.Write(b)
		return err
	})
}

// flowPacket is the packet of flow i.
func flowPacket(i, pairs int) pcaptest.Record {
	const ports = 60_000
	to, round := i%pairs, i/pairs
	src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 5}), uint16(1024+round%ports))
	dst := netip.AddrPortFrom(netip.AddrFrom4([4]byte{20, byte(to >> 16), byte(to >> 8), byte(to)}), uint16(1+round/ports))
	start := int64(1_793_491_200e9)
	return pcaptest.Record{At: start + int64(i)*50_000, Data: pcaptest.Ethernet(pcaptest.UDP(src, dst, []byte("flow")))}
}
