package world

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/hashicorp/hcl/v2"
)

func (b *builder) hostList() {
	for _, s := range b.spec.Hosts {
		h := &Host{Name: s.Name, Names: s.Names}
		for _, a := range s.Addresses {
			h.Addresses = append(h.Addresses, b.addr(s.Body, "addresses", a))
		}
		h.Addresses = append(h.Addresses, b.draw(s)...)
		if len(h.Addresses) == 0 {
			b.errorf(s.Body, "", "No address", "Host %q needs addresses, or prefixes with a count.", s.Name)
			continue
		}
		add(b, s.Body, "host", b.hosts, s.Name, "", h)
		b.w.Hosts = append(b.w.Hosts, h)
	}
}

// maxAddresses is the most that a host can have drawn for it.
const maxAddresses = 65536

// draw picks the addresses of a host that is given as prefixes and a count.
// They follow from the seed and the host's name.
func (b *builder) draw(s hostSpec) []netip.Addr {
	ps := b.prefixes(s.Body, "prefixes", s.Prefixes)
	if len(ps) == 0 {
		return nil
	}
	if s.Count < 0 || s.Count > maxAddresses {
		b.errorf(s.Body, "count", "Invalid count", "%d is not between 1 and %d.", s.Count, maxAddresses)
		return nil
	}
	rng := rand.New(rand.NewPCG(b.w.Seed, named(s.Name)))
	var out []netip.Addr
	for range max(s.Count, 1) {
		out = append(out, inside(ps[rng.IntN(len(ps))], rng.Uint64()))
	}
	return out
}

func named(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// inside returns the address of p whose host bits are the low bits of n.
func inside(p netip.Prefix, n uint64) netip.Addr {
	raw := p.Addr().As16()
	host := p.Addr().BitLen() - p.Bits()
	if host < 64 {
		n &= 1<<host - 1
	}
	low := binary.BigEndian.Uint64(raw[8:]) | n
	binary.BigEndian.PutUint64(raw[8:], low)
	return netip.AddrFrom16(raw).Unmap()
}

// maxExchanges keeps the arithmetic of a connection far from its limits.
const maxExchanges = 1_000_000

var apps = []string{"tls", "http", "dns", "mssql", "postgres", "redis", "ssh", "rdp", "ntp", "raw"}

var encryptions = []string{
	"X", "NX", "NX_HW_NOT_SUPPORTED", "NX_SW_NOT_READY", "NX_NOT_ACCEPTED", "NX_NOT_SUPPORTED", "NX_LOCAL_DST", "NX_FALLBACK",
}

func (b *builder) traffic() {
	seen := map[string]bool{}
	for _, s := range b.spec.Traffic {
		if seen[s.Name] {
			b.errorf(s.Body, "", "Defined twice", "There is a traffic %q already. Give this one another name.", s.Name)
		}
		seen[s.Name] = true
		t := &Traffic{
			Name: s.Name, Protocol: s.Protocol, Exchanges: max(s.Exchanges, 1),
			Every:    b.duration(s.Body, "every", s.Every, 0),
			Duration: b.duration(s.Body, "duration", s.Duration, 200*time.Millisecond),
			RTT:      b.duration(s.Body, "rtt", s.RTT, time.Millisecond),
			Spread:   s.Spread, Retransmit: s.Retransmit, Reset: s.Reset, Unanswered: s.Unanswered,
			ServerName: s.ServerName, Names: s.Names, Encryption: cmp.Or(s.Encryption, "NX"),
			App: cmp.Or(s.App, "raw"),
		}
		t.From, t.fromPlaces = b.endpoints(s.Body, "from", s.From)
		t.To, t.toPlaces = b.endpoints(s.Body, "to", s.To)
		b.checkTraffic(s, t)
		b.volume(s, t)
		b.w.Traffic = append(b.w.Traffic, t)
	}
}

func (b *builder) checkTraffic(s trafficSpec, t *Traffic) {
	b.oneOf(s.Body, "protocol", s.Protocol, "tcp", "udp", "icmp")
	b.oneOf(s.Body, "app", t.App, apps...)
	b.oneOf(s.Body, "encryption", t.Encryption, encryptions...)
	for attr, share := range map[string]float64{"spread": s.Spread, "reset": s.Reset, "retransmit": s.Retransmit} {
		if share < 0 || share > 0.9 {
			b.errorf(s.Body, attr, "Invalid share", "%s is a share between 0 and 0.9.", attr)
		}
	}
	for _, p := range s.Ports {
		if p < 1 || p > 65535 {
			b.errorf(s.Body, "ports", "Invalid port", "%d is not a port.", p)
		}
		t.Ports = append(t.Ports, uint16(p))
	}
	if t.Every < time.Millisecond && t.Every > 0 {
		b.errorf(s.Body, "every", "Too often", "The sandbox knows at most a connection per pair and millisecond; %q is less than 1ms.", s.Every)
	}
	if s.Exchanges < 0 || int64(s.Exchanges) > maxExchanges {
		b.errorf(s.Body, "exchanges", "Invalid exchanges", "%d is not between 1 and %d.", s.Exchanges, int64(maxExchanges))
	}
	if len(s.Ports) == 0 && s.Protocol != "icmp" {
		b.errorf(s.Body, "ports", "No port", "Traffic %q needs at least one destination port.", s.Name)
	}
	if len(s.Ports) == 0 {
		t.Ports = []uint16{0}
	}
	if t.App == "dns" && len(t.Names) == 0 {
		b.errorf(s.Body, "names", "No names", "DNS traffic needs the names that are asked for.")
	}
	external := func(e Endpoint) bool { return e.NIC == nil }
	if slices.ContainsFunc(t.From, external) && slices.ContainsFunc(t.To, external) {
		b.errorf(s.Body, "to", "Nobody of this world", "One side of a traffic must be machines of this world.")
	}
	for _, e := range slices.Concat(t.From, t.To) {
		if !e.is4() {
			b.errorf(s.Body, "to", "Not IPv4", "Traffic %q has an IPv6 end; the sandbox's traffic is IPv4 only.", s.Name)
			break
		}
	}
}

// volume sets the bytes of a connection, which are given as such or per second.
func (b *builder) volume(s trafficSpec, t *Traffic) {
	t.Up = b.size(s.Body, "up", s.Up) + perConnection(b.size(s.Body, "up_per_second", s.UpRate), t.Duration)
	t.Down = b.size(s.Body, "down", s.Down) + perConnection(b.size(s.Body, "down_per_second", s.DownRate), t.Duration)
}

func perConnection(rate int64, d time.Duration) int64 {
	return int64(float64(rate) * d.Seconds())
}

func (b *builder) size(body hcl.Body, attr, text string) int64 {
	if text == "" {
		return 0
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n > 1<<40 {
		b.errorf(body, attr, "Invalid size", "%q is not a size up to 1 TiB such as \"900B\", \"12kB\" or \"64MiB\".", text)
		return 0
	}
	return int64(n)
}

func (e Endpoint) is4() bool {
	if e.NIC != nil {
		return e.NIC.Private.Is4() || !e.NIC.Private.IsValid() // an invalid one is told elsewhere
	}
	return !slices.ContainsFunc(e.Host.Addresses, func(a netip.Addr) bool { return a.IsValid() && !a.Is4() })
}
