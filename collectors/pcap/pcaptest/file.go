package pcaptest

import (
	"encoding/binary"
)

// Record is one frame in a file.
type Record struct {
	At        int64  // Unix nanoseconds
	Data      []byte // what was captured
	Wire      uint32 // length on the wire; 0: that of Data
	Interface uint32 // pcapng and Modified only
}

func (r Record) wire() uint32 {
	if r.Wire == 0 {
		return uint32(len(r.Data))
	}
	return r.Wire
}

// The magic numbers of pcap.
const (
	Micro    = 0xa1b2c3d4
	Nano     = 0xa1b23c4d
	Modified = 0xa1b2cd34
)

// Classic writes pcap files. The zero Classic is little-endian Ethernet with
// microseconds.
type Classic struct {
	Big     bool
	Magic   uint32 // 0: Micro
	Link    uint32 // 0: Ethernet; LinkNull: 0
	Snaplen uint32 // 0: 262144
	Minor   uint16 // 0: 4
}

// LinkNull stands for the link type 0.
const LinkNull = ^uint32(0)

func order(big bool) binary.AppendByteOrder {
	if big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func orElse[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}

// Append appends the file header.
func (c Classic) Append(b []byte) []byte {
	o := order(c.Big)
	link := orElse(c.Link, 1)
	if c.Link == LinkNull {
		link = 0
	}
	b = o.AppendUint32(b, orElse(c.Magic, Micro))
	b = o.AppendUint16(o.AppendUint16(b, 2), orElse(c.Minor, 4))
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	return o.AppendUint32(o.AppendUint32(b, orElse(c.Snaplen, 262144)), link)
}

// AppendRecord appends a frame.
func (c Classic) AppendRecord(b []byte, r Record) []byte {
	o := order(c.Big)
	sub := r.At % 1e9
	if c.Magic != Nano {
		sub /= 1000
	}
	b = o.AppendUint32(o.AppendUint32(b, uint32(r.At/1e9)), uint32(sub))
	b = o.AppendUint32(o.AppendUint32(b, uint32(len(r.Data))), r.wire())
	if c.Magic == Modified {
		b = append(o.AppendUint32(b, r.Interface+1), 8, 0, 0, 0)
	}
	return append(b, r.Data...)
}

// File returns a whole file.
func (c Classic) File(rs ...Record) []byte {
	b := c.Append(nil)
	for _, r := range rs {
		b = c.AppendRecord(b, r)
	}
	return b
}

// Block types of pcapng.
const (
	BlockInterface  = 1
	BlockOld        = 2
	BlockSimple     = 3
	BlockStatistics = 5
	BlockPacket     = 6
)

// Blocks writes pcapng blocks, in one byte order.
type Blocks struct{ Big bool }

// Append appends a block of any type.
func (n Blocks) Append(b []byte, kind uint32, body []byte) []byte {
	o := order(n.Big)
	padded := (len(body) + 3) &^ 3
	b = o.AppendUint32(o.AppendUint32(b, kind), uint32(padded+12))
	b = append(b, body...)
	b = append(b, make([]byte, padded-len(body))...)
	return o.AppendUint32(b, uint32(padded+12))
}

// Section appends a section header.
func (n Blocks) Section(b []byte) []byte {
	o := order(n.Big)
	body := o.AppendUint32(nil, 0x1a2b3c4d)
	body = o.AppendUint16(o.AppendUint16(body, 1), 0)
	return n.Append(b, 0x0a0d0d0a, o.AppendUint64(body, ^uint64(0)))
}

// Interface describes an interface. Of the options, a resolution of 6 and an
// offset of 0 are left out.
func (n Blocks) Interface(b []byte, link uint16, snaplen uint32, resolution byte, offset int64) []byte {
	o := order(n.Big)
	body := o.AppendUint16(o.AppendUint16(nil, link), 0)
	body = o.AppendUint32(body, snaplen)
	if resolution != 6 {
		body = append(o.AppendUint16(o.AppendUint16(body, 9), 1), resolution, 0, 0, 0)
	}
	if offset != 0 {
		body = o.AppendUint64(o.AppendUint16(o.AppendUint16(body, 14), 8), uint64(offset))
	}
	return n.Append(b, BlockInterface, append(body, 0, 0, 0, 0))
}

// Packet appends an enhanced packet block; stamp is in the interface's units.
func (n Blocks) Packet(b []byte, r Record, stamp uint64) []byte {
	o := order(n.Big)
	body := o.AppendUint32(nil, r.Interface)
	return n.Append(b, BlockPacket, n.stamped(body, r, stamp))
}

// Old appends an obsolete packet block.
func (n Blocks) Old(b []byte, r Record, stamp uint64) []byte {
	o := order(n.Big)
	body := o.AppendUint16(o.AppendUint16(nil, uint16(r.Interface)), 0xffff) // drops were not counted
	return n.Append(b, BlockOld, n.stamped(body, r, stamp))
}

func (n Blocks) stamped(body []byte, r Record, stamp uint64) []byte {
	o := order(n.Big)
	body = o.AppendUint32(o.AppendUint32(body, uint32(stamp>>32)), uint32(stamp))
	body = o.AppendUint32(o.AppendUint32(body, uint32(len(r.Data))), r.wire())
	return append(body, r.Data...)
}

// Simple appends a simple packet block.
func (n Blocks) Simple(b []byte, r Record) []byte {
	return n.Append(b, BlockSimple, append(order(n.Big).AppendUint32(nil, r.wire()), r.Data...))
}

// Pcapng returns a whole file with one section and one Ethernet interface that
// counts microseconds.
func Pcapng(big bool, rs ...Record) []byte {
	n := Blocks{Big: big}
	b := n.Interface(n.Section(nil), 1, 262144, 6, 0)
	for _, r := range rs {
		b = n.Packet(b, r, uint64(r.At/1000))
	}
	return b
}

// Snoop returns a whole file in Solaris' format.
func Snoop(link uint32, rs ...Record) []byte {
	b := append([]byte("snoop\x00\x00\x00"), 0, 0, 0, 2)
	b = be.AppendUint32(b, link)
	for _, r := range rs {
		padded := (len(r.Data) + 3) &^ 3
		b = be.AppendUint32(be.AppendUint32(b, r.wire()), uint32(len(r.Data)))
		b = be.AppendUint32(be.AppendUint32(b, uint32(24+padded)), 0)
		b = be.AppendUint32(be.AppendUint32(b, uint32(r.At/1e9)), uint32(r.At%1e9/1000))
		b = append(append(b, r.Data...), make([]byte, padded-len(r.Data))...)
	}
	return b
}
