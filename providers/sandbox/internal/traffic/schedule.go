package traffic

// The two directions of a connection.
const (
	up   = 0 // from the one who opens it
	down = 1
)

// step is a run of like packets: the i-th of n leaves off + i·gap after its
// period began. Times are microseconds. seq and ack are positions in the
// streams of the sender and of its peer, from those at the period's begin.
type step struct {
	off, gap, n int64
	size        int // IP total length
	seq, seqInc uint32
	ack, ackInc uint32
	payload     int16 // index into the script's messages, or a content below
	dir, flags  uint8
}

// What a packet's payload is, if it is no message of the script.
const (
	nothing   int16 = -1 - iota // no payload
	plain                       // noise
	tlsRecord                   // noise in a TLS application data record
)

// phase is a part of a connection that is repeated reps times: periods of like
// steps, in which the streams advance by per. All steps of a period end before
// the next one begins.
type phase struct {
	start, period int64 // start is from the connection's
	reps          int64
	steps         []step
	pos, per      [2]uint32 // positions of both streams at the start, and per period
}

func (s *step) at(i int64) int64 { return s.off + i*s.gap }

// until is the number of packets of s at or before t, in its period.
func (s *step) until(t int64) int64 {
	if t < s.off {
		return 0
	}
	if s.gap == 0 {
		return s.n
	}
	return min(s.n, (t-s.off)/s.gap+1)
}

// tally is what went in one direction.
type tally struct{ packets, bytes int64 }

func (t tally) minus(o tally) tally { return tally{t.packets - o.packets, t.bytes - o.bytes} }

// count adds what c sent at or before t, in both directions.
func (c *conn) count(t int64) (sum [2]tally) {
	t = min(t, c.p.cut-1) - c.start
	for i := range c.phases {
		p := &c.phases[i]
		if t < p.start {
			break
		}
		whole, rest := p.split(t)
		for j := range p.steps {
			s := &p.steps[j]
			n := whole * s.n
			if whole < p.reps {
				n += s.until(rest)
			}
			sum[s.dir].packets += n
			sum[s.dir].bytes += n * int64(s.size)
		}
	}
	return sum
}

// captured is the size of the pcap records of what c sent before t, when snap
// bytes are kept of each frame.
func (c *conn) captured(t int64, snap int) (sum int64) {
	t = min(t, c.p.cut) - c.start - 1
	for i := range c.phases {
		p := &c.phases[i]
		if t < p.start {
			break
		}
		whole, rest := p.split(t)
		for j := range p.steps {
			s := &p.steps[j]
			n := whole * s.n
			if whole < p.reps {
				n += s.until(rest)
			}
			sum += n * int64(recordHeader+min(snap, frameHeader+s.size))
		}
	}
	return sum
}

// split is how many whole periods of p lie before t, counted from the start
// of the connection, and what is left of t after them.
func (p *phase) split(t int64) (whole, rest int64) {
	t -= p.start
	whole = min(p.reps, t/p.period)
	return whole, t - whole*p.period
}

// length is the time from a period's begin to just after its last packet.
func length(steps []step) (t int64) {
	for i := range steps {
		if s := &steps[i]; s.n > 0 {
			t = max(t, s.at(s.n-1)+1)
		}
	}
	return t
}
