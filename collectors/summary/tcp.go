package summary

import "flowctl/collectors/aggregate"

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

// tcpOf is nil if no TCP header was seen.
func tcpOf(s *aggregate.TCPSum) *TCP {
	if !s.Seen {
		return nil
	}
	return &TCP{
		SYN: s.SYN, SYNACK: s.SYNACK, FIN: s.FIN, RST: s.RST,
		Retransmitted: s.Retransmitted, RetransmittedBytes: s.RetransmittedBytes,
		DupACKs: s.DupACKs, ZeroWindow: s.ZeroWindow, KeepAlive: s.KeepAlive, Partly: s.Partly,
		Answered: latencyOf(s.Answered), Confirmed: latencyOf(s.Confirmed),
	}
}

func latencyOf(l aggregate.LatencySum) Latency {
	if l.Count == 0 {
		return Latency{}
	}
	ms := func(us float64) *float64 { us /= 1000; return &us }
	return Latency{l.Count, ms(float64(l.Least)), ms(float64(l.Sum) / float64(l.Count)), ms(float64(l.Most))}
}
