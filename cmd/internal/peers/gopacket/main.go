// Command gopacket sums a capture up by conversation with the fastest decoder
// of gopacket, and prints how many packets and conversations there are. It is a
// peer that flowctl is measured against, in a module of its own so that flowctl
// does not link what only its tests need. See flowctl docs benchmarks.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(files []string) error {
	if len(files) != 1 {
		return errors.New("usage: gopacket FILE")
	}
	f, err := os.Open(files[0])
	if err != nil {
		return err
	}
	defer f.Close()
	t := newTable()
	if err := t.read(bufio.NewReaderSize(f, 1<<20)); err != nil {
		return err
	}
	fmt.Printf("%d packets, %d conversations\n", t.packets, len(t.all))
	return nil
}

// conversation is a 5-tuple, its lower end first.
type conversation struct {
	low, high netip.AddrPort
	proto     uint8
}

// sums are of one conversation, by the end that sent.
type sums struct {
	packets, bytes [2]uint64
	first, last    int64
}

// table adds packets up.
type table struct {
	parser *gopacket.DecodingLayerParser
	found  []gopacket.LayerType
	eth    layers.Ethernet
	tag    layers.Dot1Q
	v4     layers.IPv4
	v6     layers.IPv6
	tcp    layers.TCP
	udp    layers.UDP
	icmp   layers.ICMPv4
	icmp6  layers.ICMPv6

	packets uint64
	all     map[conversation]*sums
}

func newTable() *table {
	t := &table{all: map[conversation]*sums{}}
	t.parser = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &t.eth, &t.tag, &t.v4, &t.v6, &t.tcp, &t.udp, &t.icmp, &t.icmp6)
	t.parser.IgnoreUnsupported = true
	return t
}

func (t *table) read(r io.Reader) error {
	f, err := pcapgo.NewReader(r)
	if err != nil {
		return err
	}
	for {
		data, info, err := f.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		t.found = t.found[:0]
		t.parser.DecodeLayers(data, &t.found) // a cut packet is an error, after its headers
		t.count(info)
	}
}

func (t *table) count(info gopacket.CaptureInfo) {
	t.packets++
	var src, dst netip.Addr
	var from, to uint16
	var c conversation
	for _, l := range t.found {
		switch l {
		case layers.LayerTypeIPv4:
			src, dst, c.proto = address(t.v4.SrcIP), address(t.v4.DstIP), uint8(t.v4.Protocol)
		case layers.LayerTypeIPv6:
			src, dst, c.proto = address(t.v6.SrcIP), address(t.v6.DstIP), uint8(t.v6.NextHeader)
		case layers.LayerTypeTCP:
			from, to = uint16(t.tcp.SrcPort), uint16(t.tcp.DstPort)
		case layers.LayerTypeUDP:
			from, to = uint16(t.udp.SrcPort), uint16(t.udp.DstPort)
		}
	}
	c.low, c.high = netip.AddrPortFrom(src, from), netip.AddrPortFrom(dst, to)
	side := 0
	if c.high.Compare(c.low) < 0 {
		c.low, c.high, side = c.high, c.low, 1
	}
	at := info.Timestamp.UnixNano()
	s := t.all[c]
	if s == nil {
		s = &sums{first: at, last: at}
		t.all[c] = s
	}
	s.packets[side]++
	s.bytes[side] += uint64(info.Length)
	s.first, s.last = min(s.first, at), max(s.last, at)
}

// address is that in the bytes of a header.
func address(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}
