package rules

import (
	"fmt"
	"net/netip"
	"strings"
)

// usedBy counts what used a rule, and says in what the rule is wider.
func usedBy(l Line, uses []Use) Used {
	sources, destinations, ports := map[netip.Addr]bool{}, map[netip.Addr]bool{}, map[uint16]bool{}
	protocols := map[string]bool{}
	for _, u := range uses {
		sources[u.Source], destinations[u.Destination], ports[u.Port], protocols[u.Protocol] = true, true, true, true
	}
	out := Used{Sources: len(sources), Destinations: len(destinations), Ports: len(ports)}
	if l.Known && strings.EqualFold(l.Access, "Allow") {
		out.Wider = wider(l, out, protocols)
	}
	return out
}

// wider says in what an allowing rule lets through more than what used it.
func wider(l Line, u Used, protocols map[string]bool) string {
	var all []string
	add := func(what string, allows float64, any bool, used int) {
		switch {
		case any:
			all = append(all, fmt.Sprintf("any %s, used by %d", what, used))
		case allows > float64(used):
			all = append(all, fmt.Sprintf("%.0f %ss, used by %d", allows, what, used))
		}
	}
	n, any := portsIn(l.Ports)
	add("port", n, any, u.Ports)
	n, any = addressesIn(l.Sources)
	add("source", n, any, u.Sources)
	n, any = addressesIn(l.Destinations)
	add("destination", n, any, u.Destinations)
	if l.Protocol == "*" && len(protocols) == 1 {
		for p := range protocols {
			all = append(all, "any protocol, used by "+p)
		}
	}
	return strings.Join(all, "; ")
}

// portsIn is how many ports a rule names, and whether these are all.
func portsIn(list []string) (n float64, any bool) {
	for _, s := range list {
		from, to, ok := portRange(s)
		if !ok {
			continue
		}
		if any = any || from == 0 && to == 65535; any {
			return 0, true
		}
		n += float64(to) - float64(from) + 1
	}
	return n, false
}

// addressesIn is how many addresses a rule names by prefix, and whether these are all. What
// tags and groups hold is not counted.
func addressesIn(list []string) (n float64, any bool) {
	for _, s := range list {
		p, ok := prefixOf(s)
		if s == "*" || ok && p.Bits() == 0 || strings.EqualFold(s, "any") {
			return 0, true
		}
		if ok {
			size := 1.0
			for range p.Addr().BitLen() - p.Bits() {
				size *= 2
			}
			n += size
		}
	}
	return n, false
}
