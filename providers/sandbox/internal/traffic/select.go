package traffic

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// selection is a compiled list of capture filters: any of them lets a
// connection through, none at all lets everything through.
type selection []selector

// selector is one capture filter; an absent part is any.
type selector struct {
	protocol              string // tcp, udp or empty
	local, remote         []addrRange
	localPort, remotePort []portRange
}

type (
	addrRange struct{ lo, hi netip.Addr }
	portRange struct{ lo, hi uint16 }
)

// compile reads filters in the service's form: one value, one range "a-b", or
// a list "a;b;".
func compile(filters []CaptureFilter) (selection, error) {
	var out selection
	for i, f := range filters {
		s, err := compileOne(f)
		if err != nil {
			return nil, fmt.Errorf("filter %d: %w", i+1, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func compileOne(f CaptureFilter) (s selector, err error) {
	switch p := strings.ToLower(f.Protocol); p {
	case "tcp", "udp":
		s.protocol = p
	case "", "any":
	default:
		return s, fmt.Errorf("protocol %q is not TCP, UDP or Any", f.Protocol)
	}
	if s.local, err = values(f.LocalAddress, addrs); err != nil {
		return s, fmt.Errorf("localIPAddress: %w", err)
	}
	if s.remote, err = values(f.RemoteAddress, addrs); err != nil {
		return s, fmt.Errorf("remoteIPAddress: %w", err)
	}
	if s.localPort, err = values(f.LocalPort, ports); err != nil {
		return s, fmt.Errorf("localPort: %w", err)
	}
	if s.remotePort, err = values(f.RemotePort, ports); err != nil {
		return s, fmt.Errorf("remotePort: %w", err)
	}
	return s, nil
}

// values reads a list or one range.
func values[T any](text string, parse func(lo, hi string) (T, error)) (out []T, err error) {
	if text == "" {
		return nil, nil
	}
	list := strings.Split(strings.TrimSuffix(text, ";"), ";")
	for _, item := range list {
		lo, hi, isRange := strings.Cut(strings.TrimSpace(item), "-")
		if isRange && len(list) > 1 {
			return nil, fmt.Errorf("%q mixes a range with a list", text)
		}
		if !isRange {
			hi = lo
		}
		v, err := parse(lo, hi)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func addrs(lo, hi string) (r addrRange, err error) {
	if r.lo, err = netip.ParseAddr(lo); err != nil {
		return r, err
	}
	r.hi, err = netip.ParseAddr(hi)
	return r, err
}

func ports(lo, hi string) (portRange, error) {
	a, err := strconv.ParseUint(lo, 10, 16)
	if err != nil {
		return portRange{}, fmt.Errorf("%q is not a port", lo)
	}
	b, err := strconv.ParseUint(hi, 10, 16)
	if err != nil {
		return portRange{}, fmt.Errorf("%q is not a port", hi)
	}
	return portRange{uint16(a), uint16(b)}, nil
}

// takes reports whether the connection c is wanted, seen from its opener if
// outbound and from the other side if not.
func (s selection) takes(c *conn, outbound bool) bool {
	if len(s) == 0 {
		return true
	}
	local, remote, lport, rport := c.src, c.dst, c.sport, c.dport
	if !outbound {
		local, remote, lport, rport = remote, local, rport, lport
	}
	for i := range s {
		f := &s[i]
		if f.protocol != "" && f.protocol != c.p.t.Protocol {
			continue
		}
		if c.isICMP() && (f.localPort != nil || f.remotePort != nil) {
			continue
		}
		if hasAddr(f.local, local) && hasAddr(f.remote, remote) && hasPort(f.localPort, lport) && hasPort(f.remotePort, rport) {
			return true
		}
	}
	return false
}

func hasAddr(ranges []addrRange, a netip.Addr) bool {
	for _, r := range ranges {
		if r.lo.Compare(a) <= 0 && a.Compare(r.hi) <= 0 {
			return true
		}
	}
	return len(ranges) == 0
}

func hasPort(ranges []portRange, p uint16) bool {
	for _, r := range ranges {
		if r.lo <= p && p <= r.hi {
			return true
		}
	}
	return len(ranges) == 0
}
