package traffic

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"time"

	"flowctl/providers/sandbox/internal/world"
)

// Sizes of the headers of a pcap file and of its records.
const (
	fileHeader   = 24
	recordHeader = 16
	snapLength   = 65535 // as the file states it when packets are kept whole
)

// WriteCapture writes the packets of c from from to before to as a pcap file:
// little-endian, microseconds, Ethernet. Memory depends on how many
// connections there are at one time, not on how long the capture is.
func (m *Model) WriteCapture(w io.Writer, c Capture, from, to time.Time) error {
	if err := c.Check(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	s := m.session(c)
	if _, err := out.Write(pcapHeader(s.snap)); err != nil {
		return err
	}
	p := player{session: s, to: to.UnixMicro(), macs: map[*world.NIC][6]byte{}}
	p.frames.noise = m.noise
	p.fill(from.UnixMicro())
	if err := p.play(out); err != nil {
		return err
	}
	return out.Flush()
}

func pcapHeader(snap int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	length := uint32(snapLength)
	if snap != math.MaxInt32 {
		length = uint32(snap)
	}
	b = binary.LittleEndian.AppendUint32(b, length)
	return binary.LittleEndian.AppendUint32(b, 1) // Ethernet
}

// player merges the packets of all connections in the order of time.
type player struct {
	*session
	to     int64
	queue  heap[*cursor] // connections under way
	starts heap[start]   // of connections to come
	spare  []*cursor     // that have ended
	macs   map[*world.NIC][6]byte
	frames framer
	head   [recordHeader]byte
}

// fill brings in the connections that are under way at from.
func (p *player) fill(from int64) {
	for i := range p.seats {
		s := &p.seats[i]
		k, before := s.window(from, from)
		for ; s.begin(k) < before; k++ {
			p.join(s, k, from)
		}
		p.starts.push(start{s.due(k), i, k})
		mac, _ := hex.DecodeString(s.nic.MAC) // the world made it
		p.macs[s.nic] = [6]byte(mac)
	}
}

// join adds connection k of s, if the capture has packets of it.
func (p *player) join(s *seat, k, from int64) {
	u := p.take()
	u.enter(s.pair, k, from)
	u.nic = s.nic
	if u.next >= p.to || !p.wants(&u.conn, s.nic) {
		p.spare = append(p.spare, u)
		return
	}
	p.queue.push(u)
}

func (p *player) take() *cursor {
	if n := len(p.spare); n > 0 {
		u := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return u
	}
	return &cursor{}
}

// play writes all packets.
func (p *player) play(w *bufio.Writer) error {
	for {
		for len(p.starts) > 0 && p.starts[0].at < p.to && (len(p.queue) == 0 || p.starts[0].at <= p.queue[0].next) {
			p.begin()
		}
		if len(p.queue) == 0 {
			return nil
		}
		u := p.queue[0]
		if err := p.write(w, u); err != nil {
			return err
		}
		u.advance()
		if u.next < p.to {
			p.queue.fix()
		} else {
			p.spare = append(p.spare, p.queue.pop())
		}
	}
}

// begin starts the connection that is due first.
func (p *player) begin() {
	due := p.starts[0]
	s := &p.seats[due.seat]
	p.join(s, due.k, due.at)
	p.starts[0] = start{s.due(due.k + 1), due.seat, due.k + 1}
	p.starts.fix()
}

func (p *player) write(w *bufio.Writer, u *cursor) error {
	pk := u.packet()
	size := frameHeader + pk.size
	keep := min(p.snap, size)
	frame := p.frames.frame(u, pk, u.nic, p.macs[u.nic], keep)
	head := &p.head
	binary.LittleEndian.PutUint32(head[0:], uint32(u.next/second))
	binary.LittleEndian.PutUint32(head[4:], uint32(u.next%second))
	binary.LittleEndian.PutUint32(head[8:], uint32(keep))
	binary.LittleEndian.PutUint32(head[12:], uint32(size))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(frame[:keep])
	return err
}

// start is a connection to come.
type start struct {
	at   int64
	seat int
	k    int64
}

func (s start) before(o start) bool {
	if s.at != o.at {
		return s.at < o.at
	}
	return s.seat < o.seat
}
