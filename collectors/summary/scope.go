package summary

import "flowctl/collectors/flow"

// scope is where an address lies, seen from the interface that saw it.
type scope uint8

const (
	scopeUnknown scope = iota
	internet
	sameVNet
	peered
	privateNet
	platform
	privateSomewhere // private, and no inventory says whether it is in the VNet or a peer
)

var scopes = []string{"unknown", "internet", "vnet", "peered", "private", "platform", "private"}

// shown is the scope as lines have it.
func (s scope) shown() scope {
	if s == privateSomewhere {
		return privateNet
	}
	return s
}

// The addresses at which Azure itself serves every VM: DNS, health probes
// and the agent, and the instance metadata service (Microsoft Learn, "What is
// IP address 168.63.129.16" and "Azure Instance Metadata Service").
var (
	wireServer = flow.Addr4(168<<24 | 63<<16 | 129<<8 | 16)
	metadata   = flow.Addr4(169<<24 | 254<<16 | 169<<8 | 254)
)

// scope says where a lies. At is where it belongs and from the VNet of the
// interface; both are zero where nothing is known.
func (p *locator) scope(a flow.Addr, at location, from int32) scope {
	switch {
	case a.IsZero():
		return scopeUnknown
	case a == wireServer || a == metadata:
		return platform
	case at.vnet != 0 && at.vnet == from:
		return sameVNet
	case at.vnet != 0 && from != 0, from != 0 && p.remote(a, from):
		return peered
	case at.vnet == 0 && from == 0 && a.Private():
		return privateSomewhere
	case a.Private() || at.vnet != 0:
		return privateNet
	}
	return internet
}

// remote reports whether a lies in a network that is peered with VNet from
// and of which only the prefixes are known.
func (p *locator) remote(a flow.Addr, from int32) bool {
	return p.vnets[from].remote.find(a.Netip()) != 0
}
