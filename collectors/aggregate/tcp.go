package aggregate

import "flowctl/collectors/flow"

// TCPSum adds TCP headers up.
type TCPSum struct {
	SYN, SYNACK, FIN, RST             uint64
	Retransmitted, RetransmittedBytes uint64
	DupACKs, ZeroWindow, KeepAlive    uint64
	Answered, Confirmed               LatencySum
	Partly, Seen                      bool
}

// LatencySum adds up how long something took, in microseconds.
type LatencySum struct{ Count, Least, Most, Sum uint64 }

func (s *TCPSum) add(t *flow.TCP) {
	if t.Seen == 0 {
		return
	}
	s.Seen = true
	s.Partly = s.Partly || t.Seen&flow.TCPPartly != 0
	for _, c := range [...]*flow.TCPCount{&t.Sent, &t.Received} {
		s.SYN += uint64(c.SYN)
		s.SYNACK += uint64(c.SYNACK)
		s.FIN += uint64(c.FIN)
		s.RST += uint64(c.RST)
		s.Retransmitted += uint64(c.Retransmitted)
		s.RetransmittedBytes += uint64(c.RetransmittedBytes)
		s.DupACKs += uint64(c.DupACKs)
		s.ZeroWindow += uint64(c.ZeroWindow)
		s.KeepAlive += uint64(c.KeepAlive)
	}
	if t.Seen&flow.TCPAnswered != 0 {
		s.Answered.add(uint64(t.Answered))
	}
	if t.Seen&flow.TCPConfirmed != 0 {
		s.Confirmed.add(uint64(t.Confirmed))
	}
}

func (l *LatencySum) add(us uint64) { l.merge(LatencySum{1, us, us, us}) }

func (l *LatencySum) merge(o LatencySum) {
	switch {
	case o.Count == 0:
		return
	case l.Count == 0:
		*l = o
		return
	}
	l.Least, l.Most = min(l.Least, o.Least), max(l.Most, o.Most)
	l.Count += o.Count
	l.Sum += o.Sum
}

func (s *TCPSum) merge(o *TCPSum) {
	s.Seen = s.Seen || o.Seen
	s.Partly = s.Partly || o.Partly
	s.SYN += o.SYN
	s.SYNACK += o.SYNACK
	s.FIN += o.FIN
	s.RST += o.RST
	s.Retransmitted += o.Retransmitted
	s.RetransmittedBytes += o.RetransmittedBytes
	s.DupACKs += o.DupACKs
	s.ZeroWindow += o.ZeroWindow
	s.KeepAlive += o.KeepAlive
	s.Answered.merge(o.Answered)
	s.Confirmed.merge(o.Confirmed)
}
