package summary

import (
	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// Whether a flow has a value of a field, or one that its source does not say.
// Most follows from the context of a row; only what lies behind an address is
// looked at row by row.

// stateOf is the state of f in s.
func (f *field) stateOf(s *enriched) state {
	switch {
	case f.state != nil:
		return f.state(s)
	case f.code == nil:
		return present
	}
	switch code := int(f.code(s)); {
	case code >= len(f.codes) || f.codes[code] == "":
		return absent
	case f.codes[code] == scopes[scopeUnknown]:
		return unknown
	}
	return present
}

// lacking reports whether more knowledge could change what f is in s.
func (f *field) lacking(s *enriched) bool {
	return f.stateOf(s) == unknown || f.maybe != nil && scope(f.code(s)) == privateSomewhere
}

// ruleState is the state of what only flow logs say of IP packets.
func ruleState(get func(*point) flow.ID) func(*enriched) state {
	return func(s *enriched) state {
		switch {
		case get(s.point) != 0:
			return present
		case s.point.Class == aggregate.Capture, s.point.Class.Sum():
			return unknown
		}
		return absent
	}
}

// nicState is unknown where the interface is not known by name.
func nicState(s *enriched) state {
	if s.point.nic == 0 {
		return unknown
	}
	return present
}

func vmState(s *enriched) state {
	switch {
	case s.point.vm != 0:
		return present
	case s.point.nic != 0:
		return absent
	}
	return unknown
}

// locationState is the state of what an inventory says of an address, where it
// says nothing: a public address is nobody's, and a private one is nobody's if
// it is neither in the VNet from which it was seen nor in a peered one.
func (s *enriched) locationState(a flow.Addr, at location) state {
	switch {
	case s.point.Class == aggregate.NoIP:
		return absent
	case a.IsZero():
		return unknown
	case !s.point.locator.known():
		return unknown
	case at.vnet != 0 || s.point.vnet != 0 || !a.Private():
		return absent
	}
	return unknown
}

// ipState is that of what only IP packets have.
func ipState(s *enriched) state {
	if s.point.Class == aggregate.NoIP {
		return absent
	}
	return present
}

// addrState is that of an address, which sums of many need not name.
func addrState(of func(*enriched) flow.Addr) func(*enriched) state {
	return func(s *enriched) state {
		if s.point.Class.Sum() && of(s).IsZero() {
			return unknown
		}
		return ipState(s)
	}
}

// portState is that of ports, which not every protocol has.
func portState(s *enriched) state {
	if s.portless() {
		return unknown
	}
	if s.port() == 0 && s.row.Proto != protoTCP && s.row.Proto != protoUDP {
		return absent
	}
	return ipState(s)
}

// portless reports whether a capture saw packets of a protocol with ports and not their ports:
// they were cut off, or the packets are later fragments.
func (s *enriched) portless() bool {
	if s.point.Class != aggregate.Capture || s.row.Port != 0 || s.row.SrcPort != 0 {
		return false
	}
	switch s.row.Proto {
	case protoTCP, protoUDP, protoDCCP, protoSCTP:
		return true
	}
	return false
}
