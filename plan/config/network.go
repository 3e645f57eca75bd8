package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/apparentlymart/go-cidr/cidr"
)

// parseRange reads "10.0.0.1-10.0.0.9".
func parseRange(s string) (from, to netip.Addr, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		return from, to, fmt.Errorf("%q is not a range", s)
	}
	from, err1 := netip.ParseAddr(strings.TrimSpace(a))
	to, err2 := netip.ParseAddr(strings.TrimSpace(b))
	switch {
	case err1 != nil || err2 != nil || from.Zone() != "" || to.Zone() != "":
		return from, to, fmt.Errorf("%q is not a range of addresses such as 10.0.0.1-10.0.0.9", s)
	case from.Is4() != to.Is4():
		return from, to, fmt.Errorf("%q begins and ends in different versions of IP", s)
	case to.Less(from):
		return from, to, fmt.Errorf("%q ends before it begins; write %s-%s", s, to, from)
	}
	return from, to, nil
}

// span returns the first and the last address of a network.
func span(p netip.Prefix) (from, to netip.Addr) {
	first, last := cidr.AddressRange(&net.IPNet{
		IP:   p.Masked().Addr().AsSlice(),
		Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
	})
	from, _ = netip.AddrFromSlice(first)
	to, _ = netip.AddrFromSlice(last)
	if p.Addr().Is4() {
		return from.Unmap(), to.Unmap()
	}
	return from, to
}

// parsePorts reads "443" or "8080-8090" and returns it without blanks.
func parsePorts(s string) (string, error) {
	a, b, isRange := strings.Cut(s, "-")
	from, err := parsePort(a)
	if err != nil {
		if parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",; ", r) }); len(parts) > 1 {
			return "", fmt.Errorf("%q is several; write a list: [\"%s\"]", s, strings.Join(parts, `", "`))
		}
		return "", fmt.Errorf("%q is not a port (0 to 65535) or a range such as 8080-8090", s)
	}
	if !isRange {
		return strconv.Itoa(from), nil
	}
	to, err := parsePort(b)
	if err != nil {
		return "", fmt.Errorf("%q is not a range of ports such as 8080-8090, of 0 to 65535", s)
	}
	if to < from {
		return "", fmt.Errorf("%q ends before it begins; write %d-%d", s, to, from)
	}
	return fmt.Sprintf("%d-%d", from, to), nil
}

func parsePort(s string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	return int(n), err
}
