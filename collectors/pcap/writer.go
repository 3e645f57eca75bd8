package pcap

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

// Writer writes packets as pcapng: one section, little-endian, times in
// nanoseconds. (The writer of gopacket is not used: it brings all of its layers
// into the start of the program.)
type Writer struct {
	w          *bufio.Writer
	interfaces map[*packet.Interface]uint32
	room       []byte
}

// NewWriter begins a file that says by what program it was written.
func NewWriter(w io.Writer, application string) *Writer {
	n := &Writer{w: bufio.NewWriterSize(w, 1<<20), interfaces: map[*packet.Interface]uint32{}}
	b := le.AppendUint32(n.room[:0], orderMagic)
	b = le.AppendUint16(le.AppendUint16(b, 1), 0) // version 1.0
	b = le.AppendUint64(b, math.MaxUint64)        // length of the section: not told
	n.room = endOptions(appendOption(b, optionApplication, application))
	n.block(blockSection)
	return n
}

var le = binary.LittleEndian

// Write adds a packet, and its interface before the first of it.
func (n *Writer) Write(f *packet.Frame) error {
	if uint64(len(f.Data)) > maxBlock/2 {
		return fmt.Errorf("a packet of %d bytes is longer than a block of pcapng may be", len(f.Data))
	}
	id, ok := n.interfaces[f.Interface]
	if !ok {
		id = uint32(len(n.interfaces))
		n.interfaces[f.Interface] = id
		if err := n.describe(f.Interface); err != nil {
			return err
		}
	}
	stamp, comments := uint64(max(f.Time, 0)), f.Comments
	if f.Time == flow.NoTime || f.Time < 0 {
		comments = append([]string{"The source has no time for this packet that can be written here."}, comments...)
	}
	b := le.AppendUint32(n.room[:0], id)
	b = le.AppendUint32(le.AppendUint32(b, uint32(stamp>>32)), uint32(stamp))
	b = le.AppendUint32(le.AppendUint32(b, uint32(len(f.Data))), max(f.Wire, uint32(len(f.Data))))
	b = pad(append(b, f.Data...))
	n.room = appendPacketOptions(b, f.Way, comments)
	return n.block(blockPacket)
}

// appendPacketOptions appends what is told of a packet, if anything is.
func appendPacketOptions(b []byte, way flow.Direction, comments []string) []byte {
	if way == flow.DirectionUnknown && len(comments) == 0 {
		return b
	}
	for _, c := range comments {
		b = appendOption(b, optionComment, c)
	}
	switch way {
	case flow.Inbound:
		b = appendOption(b, optionFlags, "\x01\x00\x00\x00")
	case flow.Outbound:
		b = appendOption(b, optionFlags, "\x02\x00\x00\x00")
	}
	return endOptions(b)
}

// describe writes the description of an interface.
func (n *Writer) describe(i *packet.Interface) error {
	b := le.AppendUint16(n.room[:0], uint16(i.Link))
	b = le.AppendUint32(le.AppendUint16(b, 0), i.Snap)
	if i.Name != "" {
		b = appendOption(b, optionName, i.Name)
	}
	if i.Description != "" {
		b = appendOption(b, optionDescription, i.Description)
	}
	n.room = endOptions(appendOption(b, optionResolution, "\x09"))
	return n.block(blockInterface)
}

// Interfaces is how many interfaces were written.
func (n *Writer) Interfaces() int { return len(n.interfaces) }

// Close writes what is left.
func (n *Writer) Close() error { return n.w.Flush() }

// block writes the block of a kind that n.room holds.
func (n *Writer) block(kind uint32) error {
	var head [8]byte
	size := uint32(len(n.room) + 12)
	le.PutUint32(head[:], kind)
	le.PutUint32(head[4:], size)
	n.w.Write(head[:])
	n.w.Write(n.room)
	_, err := n.w.Write(le.AppendUint32(head[:0], size)) // a bufio.Writer keeps its first error
	return err
}

func pad(b []byte) []byte { return append(b, 0, 0, 0)[:(len(b)+3)&^3] }

// appendOption appends an option, of at most as many bytes as one can have.
func appendOption(b []byte, kind uint16, value string) []byte {
	value = value[:min(len(value), math.MaxUint16)]
	b = le.AppendUint16(le.AppendUint16(b, kind), uint16(len(value)))
	return pad(append(b, value...))
}

func endOptions(b []byte) []byte { return le.AppendUint32(b, optionEnd) }
