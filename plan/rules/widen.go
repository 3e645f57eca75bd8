package rules

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"flowctl/plan"
)

// widening puts groups and prefixes in the place of addresses.
type widening struct {
	Grouping
	refused map[string][]Tuple // by direction and protocol
}

func (w widening) widen(blocks []block) []block {
	out := slices.Clone(blocks)
	for i := range out {
		for _, source := range []bool{true, false} {
			for _, candidate := range w.candidates(out[i].side(source).set) {
				wide := out[i]
				*wide.side(source) = candidate
				if !w.hits(wide) && w.passesNow(wide, source) {
					out[i] = wide
					break
				}
			}
		}
	}
	return out
}

func (b *block) side(source bool) *side {
	if source {
		return &b.sources
	}
	return &b.destinations
}

// candidates are what may stand for a set, the best first.
func (w widening) candidates(set *netipx.IPSet) []side {
	var out []side
	for _, id := range slices.Sorted(maps.Keys(w.Groups)) {
		var b netipx.IPSetBuilder
		for _, a := range w.Groups[id] {
			b.Add(a)
		}
		if members, _ := b.IPSet(); len(w.Groups[id]) > 0 && subset(set, members) {
			out = append(out, side{set: members, group: id})
		}
	}
	if w.Public > 0 && len(set.Prefixes()) > w.Public && subset(set, internet()) {
		out = append(out, side{set: internet(), group: "Internet"})
	}
	var b netipx.IPSetBuilder
	b.AddSet(set)
	for _, p := range w.Prefixes {
		if countIn(set, p) > 1 {
			b.AddPrefix(p)
		}
	}
	if wide, _ := b.IPSet(); !wide.Equal(set) {
		out = append(out, side{set: wide})
	}
	return out
}

// internet is what the tag Internet holds for certain, of what is not private.
func internet() *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, s := range []string{"0.0.0.0/0", "::/0"} {
		b.AddPrefix(netip.MustParsePrefix(s))
	}
	for _, s := range []string{"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"} {
		b.RemovePrefix(netip.MustParsePrefix(s))
	}
	set, _ := b.IPSet()
	return set
}

func subset(set, of *netipx.IPSet) bool {
	return !slices.ContainsFunc(set.Ranges(), func(r netipx.IPRange) bool { return !of.ContainsRange(r) })
}

// countIn is how many addresses of a set are in a prefix, up to a few.
func countIn(set *netipx.IPSet, p netip.Prefix) (n int) {
	for _, r := range set.Ranges() {
		if p.Contains(r.From()) && p.Contains(r.To()) {
			if n++; r.From() != r.To() {
				n++
			}
		}
	}
	return n
}

// hits reports whether a block would let something pass that was refused.
func (w widening) hits(b block) bool {
	return slices.ContainsFunc(w.refused[b.direction+b.protocol], func(t Tuple) bool {
		_, ok := slices.BinarySearch(b.ports, t.Port)
		return ok && b.sources.set.Contains(t.Source.Unmap()) && b.destinations.set.Contains(t.Destination.Unmap())
	})
}

// passesNow reports whether one of the present rules lets all pass that one side of a block
// holds.
func (w widening) passesNow(b block, source bool) bool {
	if w.Present == nil {
		return true
	}
	return slices.ContainsFunc(w.Present, func(r plan.Rule) bool {
		list := r.Destinations
		if source {
			list = r.Sources
		}
		return strings.EqualFold(r.Access, "Allow") && strings.EqualFold(r.Direction, b.direction) && protocolFits(r.Protocol, b.protocol) &&
			!slices.ContainsFunc(b.ports, func(p uint16) bool { return !portFits(r.Ports, p, b.protocol) }) &&
			subset(b.side(source).set, w.World.set(list))
	})
}

// set is what a list of a rule holds for certain.
func (w World) set(list []string) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, s := range list {
		p, ok := prefixOf(s)
		switch name := strings.ToLower(s); {
		case ok:
			b.AddPrefix(p)
		case name == "*" || name == "any":
			b.AddPrefix(netip.MustParsePrefix("0.0.0.0/0"))
			b.AddPrefix(netip.MustParsePrefix("::/0"))
		case name == "internet":
			b.AddSet(internet())
		case name == "virtualnetwork":
			for _, p := range w.Network {
				b.AddPrefix(p)
			}
		default:
			for _, a := range w.Groups[name] {
				b.Add(a)
			}
		}
	}
	set, _ := b.IPSet()
	return set
}
