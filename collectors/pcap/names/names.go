// Package names learns which host names addresses are known by, from what
// captured packets say: DNS answers (RFC 1035) and the server names that TLS
// clients ask for (RFC 6066). Most captures hold headers only and teach
// nothing. The ClientHello of QUIC, which is encrypted, is not read.
package names

import (
	"encoding/binary"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/packet"
)

const (
	dnsPort = 53
	protoT  = 6
	protoU  = 17
)

// Teaches reports whether the data of p may be worth to learn from. Most is not,
// and that is told from the headers.
func Teaches(p *packet.Packet) bool {
	return p.Proto == protoT && (p.Segment.Length > 5 || !p.Whole) || p.Proto == protoU && p.SrcPort == dnsPort
}

// answers reads DNS answers over TCP, each after its length (RFC 1035, 4.2.2),
// of a segment whose data has the given length. Those that another segment
// begins or ends are left out.
func answers(hosts *flow.Hosts, data []byte, length int64) {
	for len(data) > 2 {
		n := int(binary.BigEndian.Uint16(data))
		if length -= int64(n) + 2; length < 0 {
			return
		}
		data = data[2:]
		answer(hosts, data[:min(n, len(data))])
		data = data[min(n, len(data)):]
	}
}

// answer reads a DNS answer. The addresses at the end of a chain of aliases
// are known by the name that was asked for.
func answer(hosts *flow.Hosts, data []byte) {
	var m dnsmessage.Parser
	h, err := m.Start(data)
	if err != nil || !h.Response || h.RCode != dnsmessage.RCodeSuccess {
		return
	}
	q, err := m.Question()
	if err != nil || m.SkipAllQuestions() != nil {
		return
	}
	asked := clean(q.Name)
	if !valid(asked) {
		return
	}
	chain := map[string]bool{asked: true}
	for {
		r, err := m.Answer()
		if err != nil {
			return
		}
		if !chain[clean(r.Header.Name)] {
			continue
		}
		switch body := r.Body.(type) {
		case *dnsmessage.CNAMEResource:
			chain[clean(body.CNAME)] = true
		case *dnsmessage.AResource:
			hosts.Add(flow.Addr4(uint32(body.A[0])<<24|uint32(body.A[1])<<16|uint32(body.A[2])<<8|uint32(body.A[3])), asked, flow.FromDNS)
		case *dnsmessage.AAAAResource:
			hosts.Add(flow.Addr16(body.AAAA[:]), asked, flow.FromDNS)
		}
	}
}

func clean(n dnsmessage.Name) string {
	return strings.ToLower(strings.TrimSuffix(n.String(), "."))
}

// valid reports whether name can be a host's: letters, digits, hyphens,
// underscores and dots. Others are not repeated, whoever put them there.
func valid(name string) bool {
	for _, r := range name {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.') {
			return false
		}
	}
	return name != "" && len(name) <= 253
}
