package preflight

import (
	"net/netip"
	"strings"
)

// span is a range of addresses of one family, both ends in it.
type span struct{ from, to netip.Addr }

func (s span) has(a netip.Addr) bool {
	return a.Is4() == s.from.Is4() && s.from.Compare(a) <= 0 && a.Compare(s.to) <= 0
}

func (s span) overlaps(o span) bool {
	return s.from.Is4() == o.from.Is4() && s.from.Compare(o.to) <= 0 && o.from.Compare(s.to) <= 0
}

// spans reads addresses as filters have them: single ones, networks and
// ranges, parted by sep. What cannot be read is left out: config checked it.
func spans(text, sep string) []span {
	var out []span
	for part := range strings.SplitSeq(text, sep) {
		if s, ok := oneSpan(strings.TrimSpace(part)); ok {
			out = append(out, s)
		}
	}
	return out
}

func oneSpan(text string) (span, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return ofPrefix(p), true
	}
	from, to, isRange := strings.Cut(text, "-")
	a, err := netip.ParseAddr(from)
	if !isRange {
		return span{a, a}, err == nil
	}
	b, err2 := netip.ParseAddr(to)
	return span{a, b}, err == nil && err2 == nil && a.Is4() == b.Is4()
}

func ofPrefix(p netip.Prefix) span {
	p = p.Masked()
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(b) // of an address' own length
	return span{p.Addr(), last}
}

func ofAddr(a netip.Addr) span { return span{a.Unmap(), a.Unmap()} }

// anyOverlap reports whether some of a and some of b share an address.
func anyOverlap(a, b []span) bool {
	for _, x := range a {
		for _, y := range b {
			if x.overlaps(y) {
				return true
			}
		}
	}
	return false
}

// within reports whether all of a lies in single spans of b.
func within(a, b []span) bool {
	for _, x := range a {
		in := false
		for _, y := range b {
			in = in || y.has(x.from) && y.has(x.to)
		}
		if !in {
			return false
		}
	}
	return len(a) > 0
}

// never are addresses that no packet in a virtual network has as its far
// side: Azure carries neither multicast nor broadcast, and loopback stays in
// the machine.
var never = spans("0.0.0.0/8,127.0.0.0/8,224.0.0.0/4,240.0.0.0/4,::/128,::1/128,ff00::/8", ",")

// private are addresses that only a network knows.
var private = spans("10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7", ",")
