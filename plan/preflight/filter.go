package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// filters tries the filters of what is made on the inventory: which of them
// can let nothing through.
func (c *checker) filters() {
	for _, s := range c.made() {
		if s.Capture != nil {
			c.captureFilters(s)
		} else if s.FlowLog != nil && s.FlowLog.Filter != "" {
			c.flowFilter(s)
		}
	}
}

func (c *checker) captureFilters(s *plan.Session) {
	own := c.addresses(s)
	capture := c.watch(s).Capture
	reasons := make([]string, len(s.Capture.Filters))
	dead := 0
	for i, f := range s.Capture.Filters {
		if reasons[i] = captureNever(f, own, s.Target.ID.Name()); reasons[i] != "" {
			dead++
		}
		c.unknownPeer(s, f, filterRange(capture.FilterRanges, i, capture.Range))
	}
	for i, why := range reasons {
		if why != "" {
			c.neverMatches(s, dead == len(reasons), filterRange(capture.FilterRanges, i, capture.Range), why)
		}
	}
}

// neverMatches says why a filter lets nothing through; if none of them does,
// nothing would be recorded.
func (c *checker) neverMatches(s *plan.Session, all bool, at hcl.Range, why string) {
	if all {
		c.say(plan.Error, plan.FilterNeverMatches, on(s, at), "Filter can never match", "%s: nothing would be recorded. Correct the filter, or remove it.", why)
		return
	}
	c.say(plan.Warning, plan.FilterNeverMatches, on(s, at), "Filter can never match", "%s: this filter lets nothing through. Correct it, or remove it.", why)
}

func filterRange(ranges []hcl.Range, i int, or hcl.Range) hcl.Range {
	if i < len(ranges) {
		return ranges[i]
	}
	return or
}

// addresses are those of the interfaces of a session's target.
func (c *checker) addresses(s *plan.Session) []span {
	var out []span
	for _, n := range c.index(s).Interfaces(s.Target.ID) {
		for _, a := range n.Addresses {
			out = append(out, ofAddr(a))
		}
	}
	return out
}

// captureNever says why no packet of a machine passes f; empty if one can.
func captureNever(f plan.CaptureFilter, own []span, name string) string {
	local, remote := spans(f.LocalAddress, ";"), spans(f.RemoteAddress, ";")
	switch {
	case zeroPort(f.LocalPort, ";"), zeroPort(f.RemotePort, ";"):
		return "No packet has port 0"
	case len(remote) > 0 && within(remote, never):
		return fmt.Sprintf("No packet in a virtual network goes to or comes from %s", f.RemoteAddress)
	case len(own) == 0:
		return "" // its addresses are not known
	case len(local) > 0 && !anyOverlap(local, own):
		return fmt.Sprintf("%s has no address in %s; it has %s", name, f.LocalAddress, show(own))
	case len(remote) > 0 && within(remote, own):
		return fmt.Sprintf("%s is an address of %s itself, not of a far side", f.RemoteAddress, name)
	case len(remote) > 0 && !slices.ContainsFunc(own, func(o span) bool { return sameFamily(o, remote) }):
		return fmt.Sprintf("%s has no address of the family of %s", name, f.RemoteAddress)
	}
	return ""
}

func sameFamily(o span, list []span) bool {
	return slices.ContainsFunc(list, func(s span) bool { return s.from.Is4() == o.from.Is4() })
}

func zeroPort(ports, sep string) bool {
	return strings.Trim(strings.ReplaceAll(ports, " ", ""), sep) == "0"
}

func show(own []span) string {
	var names []string
	for _, s := range own {
		names = append(names, s.from.String())
	}
	return few(names)
}

// unknownPeer is about a far side that is private and in no network that is
// known to be reached.
func (c *checker) unknownPeer(s *plan.Session, f plan.CaptureFilter, at hcl.Range) {
	remote := spans(f.RemoteAddress, ";")
	if !within(remote, private) {
		return
	}
	var near []span
	for _, subnet := range c.subnets(s) {
		v := c.index(s).VNets[subnet.Parent().Key()]
		if v == nil {
			return
		}
		for _, p := range v.Prefixes {
			near = append(near, ofPrefix(p))
		}
		for _, peer := range v.Peerings {
			for _, p := range peer.Prefixes {
				near = append(near, ofPrefix(p))
			}
		}
	}
	if len(near) > 0 && !anyOverlap(remote, near) {
		c.say(plan.Info, plan.FilterUnknownPeer, on(s, at), "Filter names an unknown network",
			"%s is neither in the virtual network of %s nor in one that is peered with it: it is reached through a gateway or an appliance, or not at all.", f.RemoteAddress, s.Target.ID.Name())
	}
}
