package world

import (
	"net/netip"
	"time"
)

// Traffic is one habit of the world: connections from each of its sources to
// each of its destinations, again and again. What a single connection is like
// follows from the seed, the pair and its number.
type Traffic struct {
	Name     string
	From, To []Endpoint

	fromPlaces, toPlaces []string // which the ends are at, as the world changes

	Protocol string // tcp, udp, icmp
	Ports    []uint16
	App      string // tls, http, dns, sql, postgres, redis, ssh, ntp, raw

	Every     time.Duration // between the starts of two connections of a pair
	Duration  time.Duration // of a connection, on average
	Spread    float64       // how far duration and bytes stray from the average, 0 to 0.9
	Up, Down  int64         // payload bytes of a connection, on average
	Exchanges int           // requests and answers in a connection

	ServerName string   // in the TLS ClientHello or the HTTP Host header
	Names      []string // asked for in DNS
	Encryption string   // as flow logs say it: X, NX, NX_FALLBACK …; empty: NX

	RTT        time.Duration
	Retransmit float64 // share of data packets sent twice
	Reset      float64 // share of connections closed by RST
	Unanswered bool    // nobody listens: only the opening packets are sent
}

// Endpoint is one end of a Traffic: an interface of the world, or a host.
type Endpoint struct {
	NIC  *NIC
	Host *Host
}

// Running reports whether there is a running machine at e. Hosts always run.
func (e Endpoint) Running() bool { return e.NIC == nil || e.NIC.Running() }

// Address is the address of e for the connection that drew n.
func (e Endpoint) Address(n uint64) netip.Addr {
	if e.NIC != nil {
		return e.NIC.Private
	}
	return e.Host.Addresses[n%uint64(len(e.Host.Addresses))]
}

// Running reports whether the machine of n is running.
func (n *NIC) Running() bool {
	if n.VM != nil {
		return n.VM.Power == "running"
	}
	return n.Instance != nil && n.Instance.Power == "running"
}

// OS is the operating system of the machine of n.
func (n *NIC) OS() string {
	switch {
	case n.VM != nil:
		return n.VM.OS
	case n.Instance != nil:
		return n.Instance.Set.OS
	}
	return ""
}

// Machine is the id of the VM or instance that n belongs to.
func (n *NIC) Machine() string {
	switch {
	case n.VM != nil:
		return string(n.VM.ID)
	case n.Instance != nil:
		return string(n.Instance.ID)
	}
	return ""
}
