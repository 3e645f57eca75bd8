package flow

// TCP is what the TCP headers of a record's packets showed. Like all of a
// record's counters, these are since the previous record, so they can be
// summed. A figure that Seen does not name was not measured and must never be
// shown as zero: flow logs measure none, and a capture that began later than a
// connection has no handshake.
type TCP struct {
	Sent, Received TCPCount // segments Src → Dst, Dst → Src
	// Answered is the time from the first SYN to the SYN-ACK that answers it,
	// and Confirmed from there to the opener's ACK, in microseconds. What was
	// captured close to the opener has the round trip in the first, close to
	// the other side in the second; their sum is the time to connect.
	Answered, Confirmed uint32
	Seen                TCPSeen
}

// TCPCount counts the segments of one direction. A reader begins another
// record before a counter is full.
type TCPCount struct {
	// Retransmitted are segments with data, SYN or FIN that begin before the
	// highest sequence number seen; RetransmittedBytes is how much of their data
	// does. A segment that was overtaken on its way is among them. Keep-alives
	// and window probes are not.
	Retransmitted      uint16
	DupACKs            uint16 // acknowledge again what was acknowledged, without data or another window
	RetransmittedBytes uint32
	SYN, SYNACK        uint8 // SYN without and with ACK
	FIN, RST           uint8
	ZeroWindow         uint8 // say that nothing more can be taken (not SYN, FIN or RST)
	KeepAlive          uint8
}

// TCPSeen says which figures of a TCP were measured.
type TCPSeen uint8

// The figures of TCP that can be measured.
const (
	TCPSent      TCPSeen = 1 << iota // headers of segments Src → Dst were seen, so Sent was measured
	TCPReceived                      // the same of Received
	TCPAnswered                      // Answered was measured
	TCPConfirmed                     // Confirmed was measured
	TCPPartly                        // some headers were cut or in fragments: there may have been more of anything
)
