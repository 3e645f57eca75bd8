package traffic

import (
	"net/netip"

	"flowctl/providers/sandbox/internal/world"
)

// Sizes in bytes, and TCP's flags (RFC 9293).
const (
	mss       = 1418 // what is left of a packet on Azure's network
	tcpHeader = 40   // IP and TCP without options
	synHeader = 52   // with MSS, window scale and SACK-permitted
	udpHeader = 28
	datagram  = 1400 // largest UDP payload sent
	echoBase  = 28   // IP and ICMP header

	flagFin = 0x01
	flagSyn = 0x02
	flagRst = 0x04
	flagPsh = 0x08
	flagAck = 0x10
)

// Times in microseconds.
const (
	second  = int64(1_000_000)
	stack   = 40      // a machine's own reaction
	think   = 250     // a program's
	timeout = 200_000 // lowest retransmission timeout of TCP stacks
)

// conn is one connection: who, what becomes of it, and its schedule. It can
// be drawn again and again without allocating.
type conn struct {
	p            *pair
	k            int64
	start, end   int64 // times of its first and last packet
	key          uint64
	src, dst     netip.Addr
	sport, dport uint16
	isn          [2]uint32
	outcome
	script *script
	phases []phase

	// While the schedule is built: the steps of all phases, the begin of the
	// next phase, and how far the streams are, in all and in this phase.
	steps    []step
	first    int // of the phase
	now      int64
	pos, adv [2]uint32
}

func (c *conn) reset(p *pair) {
	c.p, c.phases, c.steps, c.first = p, c.phases[:0], c.steps[:0], 0
	c.start, c.end, c.now, c.pos, c.adv = 0, 0, 0, [2]uint32{}, [2]uint32{}
	c.outcome = outcome{}
}

// build makes the schedule, with c.end relative to the start.
func (c *conn) build(s shape) {
	c.script = s.script
	switch {
	case c.fate >= droppedOut: // no packet gets anywhere
	case c.p.t.Protocol == "icmp":
		c.echo(s)
	case c.p.t.Protocol == "udp":
		c.udp(s)
	case c.fate != answered:
		c.knock()
	default:
		c.tcp(s)
	}
}

// send adds one packet to the phase, off after its begin.
func (c *conn) send(off int64, dir, flags uint8, payload int, content int16) *step {
	header := tcpHeader
	switch {
	case c.p.t.Protocol == "udp":
		header = udpHeader
	case flags&flagSyn != 0:
		header = synHeader
	}
	c.steps = append(c.steps, step{
		off: off, n: 1, size: header + payload, dir: dir, flags: flags,
		seq: c.adv[dir], ack: c.adv[1-dir], payload: content,
	})
	c.adv[dir] += uint32(payload)
	if flags&(flagSyn|flagFin) != 0 {
		c.adv[dir]++
	}
	return &c.steps[len(c.steps)-1]
}

// seal ends the phase that the steps since the last one make. It is done reps
// times, each taking period or as long as it needs.
func (c *conn) seal(reps, period int64) {
	steps := c.steps[c.first:]
	if len(steps) == 0 {
		return
	}
	busy := length(steps)
	period = max(period, busy)
	c.phases = append(c.phases, phase{start: c.now, period: period, reps: reps, steps: steps, pos: c.pos, per: c.adv})
	for d := range c.pos {
		c.pos[d] += uint32(reps) * c.adv[d]
	}
	c.end = c.now + (reps-1)*period + busy - 1
	c.now += (reps-1)*period + busy
	c.first, c.adv = len(c.steps), [2]uint32{}
}

// knock is a SYN that nobody answers, and its two repetitions.
func (c *conn) knock() {
	c.send(0, up, flagSyn, 0, nothing)
	again := *c.send(second, up, flagSyn, 0, nothing)
	again.off = 3 * second
	c.steps = append(c.steps, again)
	for i := range c.steps {
		c.steps[i].seq = 0
	}
	c.seal(1, 0)
}

func (c *conn) tcp(s shape) {
	rtt := c.p.t.RTT.Microseconds()
	c.send(0, up, flagSyn, 0, nothing)
	c.send(rtt, down, flagSyn|flagAck, 0, nothing)
	c.send(rtt+stack, up, flagAck, 0, nothing)
	c.seal(1, 0)
	c.talk(s, rtt)
	c.exchange(s, rtt)
	c.finish(s, rtt)
}

// talk is the script's opening conversation.
func (c *conn) talk(s shape, rtt int64) {
	t, last := int64(think), uint8(down)
	for i := range s.script.messages {
		m := &s.script.messages[i]
		switch {
		case i == 0:
		case m.dir == last:
			t += stack
		case m.dir == down:
			t += rtt + think
		default:
			t += think
		}
		st := c.send(t, m.dir, flagPsh|flagAck, len(m.data), int16(i))
		if i == 0 && unit(s.lost) < 8*c.p.t.Retransmit { // about as many packets as there are before the bulk
			st.n, st.gap = 2, timeout+rtt
			t += st.gap
		}
		last = m.dir
	}
	if len(s.script.messages) > 0 {
		c.send(t+[2]int64{rtt, stack}[last], 1-last, flagAck, 0, nothing)
	}
	c.seal(1, 0)
}

// exchange is the body of a connection: the bytes of s in as many requests
// and answers as the traffic has, spread over its duration.
func (c *conn) exchange(s shape, rtt int64) {
	reps := int64(c.p.t.Exchanges)
	sizes := [2]int64{s.up / reps, s.down / reps}
	if sizes[up]+sizes[down] == 0 {
		return
	}
	period := max(s.duration-c.now-2*rtt, reps) / reps
	// A single exchange is bulk and takes its time, many are bursts and waits.
	fill := max(period-3*rtt-2*think, 1)
	if reps > 1 {
		fill /= 2
	}
	gap := max(4, fill/(sizes[up]/mss+sizes[down]/mss+2))
	if reps > 1 {
		gap = min(gap, 400)
	}
	t := int64(think)
	if sizes[up] > 0 {
		t = c.train(t, up, sizes[up], gap, rtt) + rtt + think
	}
	if sizes[down] > 0 {
		t = c.train(t, down, sizes[down], gap, rtt)
	}
	if sizes[down] > 0 {
		c.send(t+stack, up, flagAck, 0, nothing)
	} else {
		c.send(t, down, flagAck, 0, nothing)
	}
	c.seal(reps, period)
}

// train sends size bytes in one direction: full packets gap apart, then the
// rest. Every second full packet is acknowledged, every so-manieth sent again.
// It returns the time of the last data packet.
func (c *conn) train(t int64, dir uint8, size, gap, rtt int64) int64 {
	full := (size - 1) / mss
	content := c.script.body
	base, peer := c.adv[dir], c.adv[1-dir]
	run := step{
		off: t, gap: gap, n: full, size: tcpHeader + mss, dir: dir, flags: flagAck, payload: content,
		seq: base, seqInc: mss, ack: peer,
	}
	delay := [2]int64{rtt, stack}[dir] // until the ACK is seen
	end := t + full*gap
	c.steps = append(c.steps, run, step{
		off: t + gap + delay, gap: 2 * gap, n: full / 2, size: tcpHeader, dir: 1 - dir, flags: flagAck, payload: nothing,
		seq: peer, ack: base + 2*mss, ackInc: 2 * mss,
	})
	if every := c.p.retransmitEvery(); every > 0 && full >= every {
		again := run
		again.off, again.gap, again.n = t+(every-1)*gap+2*rtt+stack, every*gap, full/every
		again.seq, again.seqInc = base+uint32(every-1)*mss, uint32(every)*mss
		c.steps = append(c.steps, again)
		end = max(end, again.at(again.n-1)+stack)
	}
	c.adv[dir] += uint32(full) * mss
	c.send(end, dir, flagPsh|flagAck, int(size-full*mss), content)
	return end
}

func (p *pair) retransmitEvery() int64 {
	if p.t.Retransmit == 0 {
		return 0
	}
	return int64(1/p.t.Retransmit + 0.5)
}

// finish closes the connection from either side, with FIN or RST.
func (c *conn) finish(s shape, rtt int64) {
	c.now += rtt // nothing of the body is under way any more
	if unit(s.ends) < c.p.t.Reset {
		c.send(think, uint8(s.ends&1), flagRst|flagAck, 0, nothing)
		c.seal(1, 0)
		return
	}
	side := uint8(s.ends & 1)
	c.send(think, side, flagFin|flagAck, 0, nothing)
	c.send(think+rtt, 1-side, flagFin|flagAck, 0, nothing)
	c.send(think+rtt+stack, side, flagAck, 0, nothing)
	c.seal(1, 0)
}

// udp is the script's messages, or datagrams to and fro.
func (c *conn) udp(s shape) {
	rtt := c.p.t.RTT.Microseconds()
	for i := range s.script.messages {
		m := &s.script.messages[i]
		if m.dir == down && c.fate != answered {
			break
		}
		c.send(int64(i)*rtt, m.dir, 0, len(m.data), int16(i))
	}
	c.seal(1, 0)
	if len(s.script.messages) > 0 || s.up+s.down == 0 {
		return
	}
	reps := int64(c.p.t.Exchanges)
	c.datagrams(0, up, s.up/reps)
	if c.fate == answered {
		c.datagrams(rtt, down, s.down/reps)
	}
	c.seal(reps, s.duration/reps)
}

func (c *conn) datagrams(t int64, dir uint8, size int64) {
	if size <= 0 {
		return
	}
	full := (size - 1) / datagram
	c.steps = append(c.steps, step{
		off: t, gap: stack, n: full, size: udpHeader + datagram, dir: dir, payload: plain, seq: c.adv[dir], seqInc: datagram,
	})
	c.adv[dir] += uint32(full) * datagram
	c.send(t+full*stack, dir, 0, int(size-full*datagram), plain)
}

// echo is ping: exchanges numbered from one, which is what seq counts.
func (c *conn) echo(s shape) {
	size := echoBase + int(min(max(s.up, 0), datagram))
	reps := int64(c.p.t.Exchanges)
	c.pos = [2]uint32{1, 1}
	c.adv = [2]uint32{1, 1}
	c.steps = append(c.steps, step{n: 1, size: size, dir: up, payload: plain})
	if c.fate == answered {
		c.steps = append(c.steps, step{off: c.p.t.RTT.Microseconds(), n: 1, size: size, dir: down, payload: plain})
	}
	c.seal(reps, s.duration/reps)
}

func (c *conn) isICMP() bool { return c.p.t.Protocol == "icmp" }

func (c *conn) protocol() uint8 {
	switch c.p.t.Protocol {
	case "tcp":
		return world.TCP
	case "udp":
		return world.UDP
	}
	return world.ICMP
}
