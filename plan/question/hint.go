package question

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// numberHint says after a blank how text is asked for in the place of a number.
func numberHint(f Field, text string) string {
	from, to, isRange := strings.Cut(text, "-")
	_, err1 := strconv.ParseUint(strings.TrimSpace(from), 10, 32)
	_, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 32)
	switch {
	case isRange && err1 == nil && err2 == nil:
		return fmt.Sprintf(" A range is %[1]s >= %[2]s && %[1]s <= %[3]s.", f.Name, strings.TrimSpace(from), strings.TrimSpace(to))
	case serviceName(text) != "":
		return " By name that is service == " + quote(serviceName(text)) + "."
	}
	return ""
}

// textHint is an example of a text that f can be, after a comma.
func textHint(f Field) string {
	switch {
	case f.Name == "protocol":
		return ", as in \"TCP\""
	case f.Type == Address:
		return ", as in \"10.0.0.4\""
	case len(f.Values) > 1 && f.Values[0] == Unknown:
		return ", as in " + quote(f.Values[1])
	case len(f.Values) > 0 && f.Values[0] != "":
		return ", as in " + quote(f.Values[0])
	}
	return ""
}

// addressHint says how what is no address is asked for.
func addressHint(f Field, text string) string {
	if net := strings.Trim(wildcardHint(text), " ."); net != "" {
		return strings.Replace(net, "Write ", "Write cidrcontains(", 1) + ", " + f.Name + ")."
	}
	side, _, _ := strings.Cut(f.Name, ".")
	if side == "peer" {
		side = "destination"
	}
	letters := strings.IndexFunc(text, func(r rune) bool { return r >= 'g' && r <= 'z' || r >= 'G' && r <= 'Z' }) >= 0
	switch {
	case strings.Contains(text, "-") && !letters:
		return "Networks are asked with cidrcontains(\"10.0.0.0/8\", " + f.Name + ")."
	case letters && !strings.Contains(text, "."):
		return "A machine is asked by its name: " + side + ".vm == " + quote(text) + "."
	}
	return "It is such as 10.0.0.4 or fd00::4."
}

// networkHint says how a text that is no network is written as one, after a
// blank; empty if that cannot be told.
func networkHint(text string) string {
	before, bits, slash := strings.Cut(text, "/")
	a, err := netip.ParseAddr(before)
	switch mask, maskErr := netip.ParseAddr(bits); {
	case strings.Contains(text, "-"):
		return " A range is written as the networks that it is made of."
	case err != nil && slash:
		return " " + quote(before) + " is not an address."
	case err != nil:
		return wildcardHint(text)
	case !slash:
		return " Write " + quote(netip.PrefixFrom(a, a.BitLen()).String()) + " for that one address."
	case maskErr == nil && mask.Is4():
		if ones, size := net.IPMask(mask.AsSlice()).Size(); size == 32 {
			return " Write " + quote(netip.PrefixFrom(a, ones).String()) + "."
		}
	}
	return " The number of bits is 0 to " + strconv.Itoa(a.BitLen()) + "."
}

// wildcardHint is the network that the beginning of an IPv4 address stands for,
// such as 10.0 or 10.0.*.
func wildcardHint(text string) string {
	parts := strings.Split(strings.TrimRight(text, "."), ".")
	for len(parts) > 1 && (parts[len(parts)-1] == "*" || parts[len(parts)-1] == "x") {
		parts = parts[:len(parts)-1]
	}
	bits := 8 * len(parts)
	for len(parts) < 4 {
		parts = append(parts, "0")
	}
	p, err := netip.ParsePrefix(strings.Join(parts, ".") + "/" + strconv.Itoa(bits))
	if err != nil || bits >= 32 {
		return ""
	}
	return " Write " + quote(p.String()) + "."
}

// fieldOf is the name of the field that has a value among its known ones; empty
// if none has.
func fieldOf(value string) string {
	for _, f := range Fields() {
		for _, v := range f.Values {
			if v != "" && v != Unknown && strings.EqualFold(v, value) {
				return f.Name
			}
		}
	}
	return ""
}
