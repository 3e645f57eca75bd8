package summary

import "flowctl/collectors/flow"

// TCP is what the TCP headers of one source showed, of both directions
// together. In what way segments are told apart says flow.TCPCount.
type TCP struct {
	SYN                uint64 `json:"syn"`
	SYNACK             uint64 `json:"syn_ack"`
	FIN                uint64 `json:"fin"`
	RST                uint64 `json:"rst"`
	Retransmitted      uint64 `json:"retransmitted"`
	RetransmittedBytes uint64 `json:"retransmitted_bytes"`
	DupACKs            uint64 `json:"dup_acks"`
	ZeroWindow         uint64 `json:"zero_window"`
	KeepAlive          uint64 `json:"keep_alive"`
	Partly             bool   `json:"partly"` // some headers were cut or in fragments: there may have been more of anything

	Answered  Latency `json:"answered"`  // from a SYN to its SYN-ACK
	Confirmed Latency `json:"confirmed"` // from there to the opener's ACK
}

// Latency is how long something took, of all times that it was measured.
type Latency struct {
	Count uint64   `json:"count"`
	Least *float64 `json:"least_ms"` // null if it was never measured
	Mean  *float64 `json:"mean_ms"`
	Most  *float64 `json:"most_ms"`
}

// tcpSum adds TCP headers up.
type tcpSum struct {
	TCP
	answered, confirmed latencySum
	seen                bool
}

type latencySum struct{ count, least, most, sum uint64 }

func (s *tcpSum) add(t *flow.TCP) {
	if t.Seen == 0 {
		return
	}
	s.seen = true
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
		s.answered.add(uint64(t.Answered))
	}
	if t.Seen&flow.TCPConfirmed != 0 {
		s.confirmed.add(uint64(t.Confirmed))
	}
}

func (l *latencySum) add(us uint64) { l.merge(latencySum{1, us, us, us}) }

func (l *latencySum) merge(o latencySum) {
	switch {
	case o.count == 0:
		return
	case l.count == 0:
		*l = o
		return
	}
	l.least, l.most = min(l.least, o.least), max(l.most, o.most)
	l.count += o.count
	l.sum += o.sum
}

func (s *tcpSum) merge(o *tcpSum) {
	s.seen = s.seen || o.seen
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
	s.answered.merge(o.answered)
	s.confirmed.merge(o.confirmed)
}

// shown is nil if no TCP header was seen.
func (s *tcpSum) shown() *TCP {
	if !s.seen {
		return nil
	}
	t := s.TCP
	t.Answered, t.Confirmed = s.answered.shown(), s.confirmed.shown()
	return &t
}

func (l latencySum) shown() Latency {
	if l.count == 0 {
		return Latency{}
	}
	ms := func(us float64) *float64 { us /= 1000; return &us }
	return Latency{l.count, ms(float64(l.least)), ms(float64(l.sum) / float64(l.count)), ms(float64(l.most))}
}
