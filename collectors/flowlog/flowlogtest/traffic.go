package flowlogtest

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
)

const (
	nsgID  = "/subscriptions/" + subscription + "/resourceGroups/rg-net-prod/providers/Microsoft.Network/networkSecurityGroups/nsg-prod"
	vnetID = "/subscriptions/" + subscription + "/resourceGroups/rg-net-prod/providers/Microsoft.Network/virtualNetworks/vnet-prod"
)

func upper(s string) string { return strings.ToUpper(s) }

// A rule decides on flows. Those of one ACL stand side by side.
type rule struct {
	acl, name string
	inbound   bool
	deny      bool
}

// rules are in the forms that aclID and rule have been seen in.
var rules = []rule{
	{nsgID, "DefaultRule_AllowInternetOutBound", false, false},
	{nsgID, "DefaultRule_AllowVnetOutBound", false, false},
	{nsgID, "UserRule_allow-https-out", false, false},
	{nsgID, "DefaultRule_DenyAllOutBound", false, true},
	{nsgID, "DefaultRule_AllowVnetInBound", true, false},
	{nsgID, "UserRule_allow-bastion-ssh", true, false},
	{nsgID, "DefaultRule_DenyAllInBound", true, true},
	{"00000000-0000-0000-0000-000000000000", "PlatformRule", true, false},
	{"3f4f2f6a-5d0c-4a57-9c55-3a1f0c9b7a10", "BlockHighRiskTCPPortsFromInternet_456b1d2c-9f0e-4a52-8d11-0c7a5e3b9f20", true, true},
	{"unspecified", "unspecified", true, true},
}

// pick returns a rule of the given sort.
func pick(r *rand.Rand, inbound, deny bool) int {
	for {
		if k := r.IntN(len(rules)); rules[k].inbound == inbound && rules[k].deny == deny {
			return k
		}
	}
}

// conversation is one 5-tuple and its course.
type conversation struct {
	src, dst     netip.Addr
	sport, dport uint16
	proto        uint8
	rule         uint8
	enc          string
	seed         uint64
	next         int64 // ms after the hour's begin of the next tuple
	end          int64 // of the last
	begun        bool
	started      bool // a tuple was written
}

const (
	minute = 60_000
	hour   = 60 * minute
	period = 5 * minute // of tuples with state C
	over   = 1 << 62
)

var services = []uint16{443, 443, 443, 443, 80, 1433, 5432, 6379, 8080, 8443, 9092, 22, 3306, 5671, 445}

// traffic returns the conversations of an hour, by rule and time of the first
// tuple.
func traffic(s Spec) []conversation {
	source := rand.NewPCG(s.Seed, uint64(s.NIC))
	r := rand.New(source)
	picked := rand.NewPCG(0, 0) // of the pool
	all := make([]conversation, s.Flows)
	for i := range all {
		c := &all[i]
		switch {
		case s.Scan > 0 && r.Float64() < s.Scan:
			c.scan(r, s)
		case s.Pool > 0:
			picked.Seed(uint64(s.NIC)<<32+uint64(r.IntN(s.Pool)), 1)
			c.tuple(rand.New(picked), s)
			c.seed = r.Uint64()
			c.course(r, rules[c.rule].deny, s.Long)
		default:
			c.tuple(r, s)
			c.seed = r.Uint64()
			c.course(r, rules[c.rule].deny, s.Long)
		}
	}
	slices.SortFunc(all, func(a, b conversation) int {
		if a.rule != b.rule {
			return int(a.rule) - int(b.rule)
		}
		return int(a.next - b.next)
	})
	return all
}

// tuple draws who speaks to whom, and what decides on it.
func (c *conversation) tuple(r *rand.Rand, s Spec) {
	v4, v6 := s.addresses()
	deny, inbound := r.Float64() < s.Denied, r.Float64() < 0.4
	c.rule = uint8(pick(r, inbound, deny))
	me, peer := v4, peer4(r)
	if r.Float64() < s.IPv6 {
		me, peer = v6, peer6(r)
	}
	c.src, c.dst = me, peer
	if inbound {
		c.src, c.dst = peer, me
	}
	c.ports(r)
	c.enc = encryption(r, rules[c.rule])
}

// scan draws a denied tuple from an address that hardly comes again.
func (c *conversation) scan(r *rand.Rand, s Spec) {
	c.rule = uint8(pick(r, true, true))
	x := r.Uint32()
	c.src = netip.AddrFrom4([4]byte{byte(20 + x>>24%180), byte(x >> 16), byte(x >> 8), byte(x)})
	c.dst, _ = s.addresses()
	c.ports(r)
	c.enc = encryption(r, rules[c.rule])
	c.next = r.Int64N(hour)
	c.end = c.next
}

func (c *conversation) ports(r *rand.Rand) {
	c.proto, c.dport = 6, services[r.IntN(len(services))]
	c.sport = uint16(1024 + r.IntN(64511))
	if r.IntN(4) == 0 {
		c.proto, c.dport = 17, []uint16{53, 53, 53, 123, 443, 4789}[r.IntN(6)]
	}
	if rules[c.rule].deny {
		c.dport = uint16(1 + r.IntN(65535))
	}
}

// course lays down when the conversation is seen: within one minute or for
// many, some from before the hour or beyond its end.
func (c *conversation) course(r *rand.Rand, deny bool, long float64) {
	c.next = r.Int64N(hour)
	switch {
	case deny:
		c.end = c.next + r.Int64N(3)*1000
	case r.Float64() >= long:
		c.end = c.next + 1 + int64(r.ExpFloat64()*20_000)
	default:
		c.end = c.next + int64(r.ExpFloat64()*34*minute)
		if r.IntN(3) == 0 {
			c.next, c.begun = r.Int64N(period), true
		}
	}
}

func encryption(r *rand.Rand, u rule) string {
	switch n := r.IntN(100); {
	case u.acl == "unspecified":
		return "NX_NOT_ACCEPTED"
	case n < 12:
		return "X"
	case n < 14:
		return "NX_HW_NOT_SUPPORTED"
	case n < 15:
		return "NX_FALLBACK"
	case n < 16:
		return "NX_LOCAL_DST"
	}
	return "NX"
}

// peer4 returns an address of which a few are met often.
func peer4(r *rand.Rand) netip.Addr {
	n := uint32(r.ExpFloat64() * 3000)
	x := mix(uint64(n))
	if r.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte{10, byte(16 + x%16), byte(x >> 8), byte(4 + x>>16%250)})
	}
	return netip.AddrFrom4([4]byte{byte(13 + x%200), byte(x >> 8), byte(x >> 16), byte(1 + x>>24%254)})
}

func peer6(r *rand.Rand) netip.Addr {
	x := mix(uint64(r.ExpFloat64() * 2000))
	a := [16]byte{0x26, 0x03, 0x10, byte(0x20 + x%64), byte(x >> 8 % 8), byte(x >> 16), 14: byte(x >> 24), 15: byte(x >> 32)}
	if x>>40%2 == 0 {
		for k := 8; k < 14; k++ {
			a[k] = byte(mix(x + uint64(k)))
		}
	}
	return netip.AddrFrom16(a)
}

// mix spreads x over 64 bits (SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
