package rules

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"flowctl/plan"
	"flowctl/plan/servicetag"
)

// Answer is whether a rule fits traffic.
type Answer uint8

// The answers.
const (
	No Answer = iota
	Unknown
	Yes
)

// World is what names in rules mean, seen from one VNet.
type World struct {
	Network []netip.Prefix          // of the tag VirtualNetwork: the VNet's and its peers'
	Groups  map[string][]netip.Addr // of application security groups, by the key of their id; nil if not known
	Tags    *servicetag.List        // nil if there is none
}

// azureLoadBalancer is where the load balancer's probes come from.
var azureLoadBalancer = netip.MustParseAddr("168.63.129.16")

// Fits says whether a rule is of the tuple.
func (w World) Fits(r plan.Rule, t Tuple) Answer {
	if !strings.EqualFold(r.Direction, t.Direction) || !protocolFits(r.Protocol, t.Protocol) || !portFits(r.Ports, t.Port, t.Protocol) {
		return No
	}
	return min(w.anyOf(r.Sources, t.Source), w.anyOf(r.Destinations, t.Destination))
}

func protocolFits(rule, protocol string) bool {
	return rule == "*" || strings.EqualFold(rule, "any") || rule == "" || strings.EqualFold(rule, protocol)
}

func portFits(ports []string, port uint16, protocol string) bool {
	if !strings.EqualFold(protocol, "TCP") && !strings.EqualFold(protocol, "UDP") {
		return true
	}
	return len(ports) == 0 || slices.ContainsFunc(ports, func(s string) bool {
		from, to, ok := portRange(s)
		return ok && from <= port && port <= to
	})
}

// portRange reads 80, 80-90 or *.
func portRange(s string) (from, to uint16, ok bool) {
	if s == "*" || strings.EqualFold(s, "any") {
		return 0, 65535, true
	}
	low, high, ranged := strings.Cut(s, "-")
	a, err := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
	if !ranged || err != nil {
		return uint16(a), uint16(a), err == nil
	}
	b, err := strconv.ParseUint(strings.TrimSpace(high), 10, 16)
	return uint16(a), uint16(b), err == nil
}

// anyOf says whether an address is in one of what a rule names.
func (w World) anyOf(list []string, a netip.Addr) Answer {
	if len(list) == 0 {
		return Yes
	}
	best := No
	for _, s := range list {
		if best = max(best, w.in(s, a)); best == Yes {
			break
		}
	}
	return best
}

// in says whether an address is in a prefix, a range, an application security group or
// a service tag.
func (w World) in(s string, a netip.Addr) Answer {
	if p, ok := prefixOf(s); ok {
		return truth(p.Contains(a.Unmap()))
	}
	if from, to, ok := strings.Cut(s, "-"); ok {
		f, err := netip.ParseAddr(from)
		t, err2 := netip.ParseAddr(to)
		if err == nil && err2 == nil {
			return truth(f.Compare(a) <= 0 && a.Compare(t) <= 0)
		}
	}
	switch strings.ToLower(s) {
	case "*", "any":
		return Yes
	case "virtualnetwork":
		return w.virtualNetwork(a)
	case "azureloadbalancer":
		return truth(a == azureLoadBalancer)
	case "internet":
		if w.virtualNetwork(a) == Yes || a == azureLoadBalancer {
			return No
		}
		return truth(public(a))
	}
	if strings.HasPrefix(s, "/") {
		return w.group(plan.ID(s), a)
	}
	return w.tag(s, a)
}

func (w World) group(id plan.ID, a netip.Addr) Answer {
	if w.Groups == nil {
		return Unknown
	}
	return truth(slices.Contains(w.Groups[id.Key()], a))
}

// virtualNetwork also holds what a gateway leads to, which is not known.
func (w World) virtualNetwork(a netip.Addr) Answer {
	if slices.ContainsFunc(w.Network, func(p netip.Prefix) bool { return p.Contains(a) }) || a == azureLoadBalancer {
		return Yes
	}
	if public(a) {
		return No
	}
	return Unknown
}

// tag is sure of what a list names so. Of an address that has another tag the list does
// not say whether it has this one besides.
func (w World) tag(name string, a netip.Addr) Answer {
	if !public(a) {
		return No
	}
	if w.Tags == nil {
		return Unknown
	}
	at := w.Tags.Lookup(a)
	azure := at.Tag != servicetag.Internet
	switch {
	case strings.EqualFold(at.Tag, name) || strings.EqualFold(at.Service, name) && name != "",
		azure && strings.EqualFold(name, "AzureCloud"),
		azure && at.Region != "" && strings.EqualFold(name, "AzureCloud."+at.Region):
		return Yes
	case !azure || strings.HasPrefix(strings.ToLower(name), "azurecloud."):
		return No
	}
	return Unknown
}

func prefixOf(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// public reports whether an address is one of the internet.
func public(a netip.Addr) bool { return servicetag.Special(a) == "" }

func truth(b bool) Answer {
	if b {
		return Yes
	}
	return No
}
