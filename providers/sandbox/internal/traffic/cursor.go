package traffic

import "flowctl/providers/sandbox/internal/world"

// cursor walks over the packets of one connection in the order of time.
type cursor struct {
	conn
	left  []phase // the current one first
	rep   int64
	base  int64      // time of the period's begin
	index []int64    // per step of the phase: its next packet
	times []int64    // and when that leaves; never if there is none
	step  int        // whose packet is next
	next  int64      // when it leaves; never at the end
	nic   *world.NIC // of the machine that looks
}

const never = int64(1<<63 - 1)

// enter goes to the first packet of connection k of p at or after from.
func (u *cursor) enter(p *pair, k, from int64) {
	p.draw(&u.conn, k)
	u.left, u.next = u.phases, never
	for len(u.left) > 0 {
		ph := &u.left[0]
		if from < u.start+ph.start+(ph.reps-1)*ph.period+length(ph.steps) {
			break
		}
		u.left = u.left[1:]
	}
	if len(u.left) == 0 {
		return
	}
	ph := &u.left[0]
	u.rep = max(0, (from-u.start-ph.start)/ph.period)
	u.open(from)
	u.settle()
}

// open begins the current period, leaving out packets before from.
func (u *cursor) open(from int64) {
	ph := &u.left[0]
	u.base = u.start + ph.start + u.rep*ph.period
	u.index, u.times = u.index[:0], u.times[:0]
	for i := range ph.steps {
		s := &ph.steps[i]
		n := s.until(from - 1 - u.base)
		u.index = append(u.index, n)
		u.times = append(u.times, u.timeOf(s, n))
	}
}

func (u *cursor) timeOf(s *step, i int64) int64 {
	if i >= s.n {
		return never
	}
	return u.base + s.at(i)
}

// settle finds the next packet, in this period or a later one.
func (u *cursor) settle() {
	for {
		u.step, u.next = 0, never
		for i, t := range u.times {
			if t < u.next {
				u.step, u.next = i, t
			}
		}
		if u.next != never && u.next >= u.p.cut { // its machine is gone
			u.next = never
			return
		}
		if u.next != never {
			return
		}
		u.rep++
		if u.rep == u.left[0].reps {
			u.left, u.rep = u.left[1:], 0
		}
		if len(u.left) == 0 {
			return
		}
		u.open(0)
	}
}

// advance steps over the next packet.
func (u *cursor) advance() {
	s := &u.left[0].steps[u.step]
	u.index[u.step]++
	u.times[u.step] = u.timeOf(s, u.index[u.step])
	u.settle()
}

// packet is one packet of a connection.
type packet struct {
	dir, flags uint8
	size       int // IP total length
	seq, ack   uint32
	content    int16
}

// packet is the next packet.
func (u *cursor) packet() packet {
	ph := &u.left[0]
	s := &ph.steps[u.step]
	i, r := uint32(u.index[u.step]), uint32(u.rep)
	return packet{
		dir: s.dir, flags: s.flags, size: s.size, content: s.payload,
		seq: ph.pos[s.dir] + r*ph.per[s.dir] + s.seq + i*s.seqInc,
		ack: ph.pos[1-s.dir] + r*ph.per[1-s.dir] + s.ack + i*s.ackInc,
	}
}

// before orders cursors by their next packet. Packets of one time are ordered
// by pair and connection, so that the order is always the same.
func (u *cursor) before(o *cursor) bool {
	if u.next != o.next {
		return u.next < o.next
	}
	if u.p != o.p {
		return u.p.order < o.p.order
	}
	return u.k < o.k
}
