// Package packet reads the headers of one captured frame: from the link layer
// to the ports of the outermost IP header, and what that carries. It copies
// nothing, allocates nothing and believes no length without looking.
package packet

import (
	"encoding/binary"

	"flowctl/collectors/flow"
)

// Packet is what the headers of one frame say. A frame in which no IP header
// was found has zero addresses and an EtherType.
type Packet struct {
	flow.Key           // of the outermost IP header, Src being the sender
	Time       int64   // Unix nanoseconds, or flow.NoTime
	FrameBytes uint64  // on the wire
	IPBytes    uint64  // as the IP header states them
	EtherType  uint16  // of frames without an IP header, else 0
	Payload    uint16  // where in the frame the data of TCP or UDP begins; 0 if it was not captured
	Network    uint16  // where in the frame the IP header, or what EtherType announces, begins
	Flags      TCPFlag // of TCP, else 0
	Sender     Role    // what the packet shows of its sender's part in the conversation
	Tunnel     flow.Tunnel
	Note       Note
	Way        flow.Direction // at the machine that captured it, where that is known; Parse leaves it alone
	Segment                   // of TCP, if Whole
}

// Note says what the counters of a packet do not.
type Note uint8

// The notes.
const (
	// Implausible packets state lengths that cannot be. Theirs are those of what
	// was captured.
	Implausible Note = 1 << iota
	// Opaque frames hold what is not taken apart, and so perhaps IP.
	Opaque
	// jumbogram packets state their length in an option of IPv6.
	jumbogram
)

// Segment is what a TCP header says of its place in the stream.
type Segment struct {
	Seq, Ack uint32
	Length   uint32 // of the data, by the lengths that the headers state
	Window   uint16 // as it is written, without its scale
	Whole    bool   // that much of the header was captured, and the packet is no fragment
}

// TCPFlag is the lower byte of TCP's flags (RFC 9293, 3.1).
type TCPFlag uint8

// The flags that are looked at.
const (
	FIN TCPFlag = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Role is one side's part in a conversation.
type Role uint8

// The roles. A SYN or an echo request shows an opener, the reply an answerer.
const (
	RoleUnknown Role = iota
	Opener
	Answerer
)

// Parse fills p, but neither p.Time nor p.Way, from the bytes that were captured of a frame
// whose length on the wire was wire.
func Parse(link Link, b []byte, wire uint32, p *Packet) {
	if link == Ethernet && p.common(b, wire) {
		return
	}
	p.begin(wire)
	if link == Ethernet {
		p.Note = Opaque
		p.ethernet(b, 0, wire)
	} else {
		p.link(link, b, wire)
	}
	p.bound(link, len(b))
}

// begin makes p a frame of which nothing is known but its length.
func (p *Packet) begin(wire uint32) {
	p.Key = flow.Key{}
	p.FrameBytes, p.IPBytes = uint64(wire), 0
	p.EtherType, p.Payload, p.Network, p.Flags, p.Sender, p.Tunnel, p.Note = flow.LinkFrame, 0, 0, 0, RoleUnknown, flow.NoTunnel, 0
	p.Segment = Segment{}
}

func be16(b []byte, o int) uint16 { return binary.BigEndian.Uint16(b[o:]) }
func be32(b []byte, o int) uint32 { return binary.BigEndian.Uint32(b[o:]) }
