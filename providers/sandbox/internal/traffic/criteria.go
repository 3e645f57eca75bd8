package traffic

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Filter is a compiled enabledFilteringCriteria. The zero Filter keeps
// everything.
type Filter struct{ any [][]criterion } // or of ands

// criterion is one comparison. A value list holds if one of its values does.
type criterion struct {
	not  bool
	test func(*event) bool
}

// filterLimit is the longest expression that the service takes.
const filterLimit = 1000

// ParseFilter compiles a filter expression as the service does ("VNet flow
// logs filtering"): fields SrcIP, SrcPort, DstIP, DstPort, Protocol,
// Encryption, Direction and Action, = and !=, && before ||, no parentheses, at
// most 1000 characters; values are lists, addresses may be prefixes, ports may
// be ranges. The empty text keeps everything.
func ParseFilter(text string) (Filter, error) {
	var f Filter
	if len(text) > filterLimit {
		return f, fmt.Errorf("filter has %d characters, the service takes %d", len(text), filterLimit)
	}
	if strings.ContainsAny(text, "()") {
		return f, fmt.Errorf("filter %q has parentheses, which the service does not know", text)
	}
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	for part := range strings.SplitSeq(text, "||") {
		var all []criterion
		for term := range strings.SplitSeq(part, "&&") {
			c, err := parseCriterion(strings.TrimSpace(term))
			if err != nil {
				return Filter{}, err
			}
			all = append(all, c)
		}
		f.any = append(f.any, all)
	}
	return f, nil
}

func parseCriterion(term string) (c criterion, err error) {
	name, list, ok := strings.Cut(term, "=")
	if !ok {
		return c, fmt.Errorf("filter term %q has no = or !=", term)
	}
	name, c.not = strings.CutSuffix(strings.TrimSpace(name), "!")
	values := strings.Split(list, ",")
	for i := range values {
		values[i] = strings.Trim(strings.TrimSpace(values[i]), `"'`)
	}
	c.test, err = criterionOf(strings.ToLower(strings.TrimSpace(name)), values)
	if err != nil {
		return c, fmt.Errorf("filter term %q: %w", term, err)
	}
	return c, nil
}

func criterionOf(name string, values []string) (func(*event) bool, error) {
	switch name {
	case "srcip":
		return addrTest(values, func(e *event) netip.Addr { return e.src })
	case "dstip":
		return addrTest(values, func(e *event) netip.Addr { return e.dst })
	case "srcport":
		return portTest(values, func(e *event) uint16 { return e.sport })
	case "dstport":
		return portTest(values, func(e *event) uint16 { return e.dport })
	case "protocol":
		return wordTest(values, []string{"TCP", "UDP"}, func(e *event) string { return e.protocol })
	case "direction":
		return wordTest(values, []string{"Inbound", "Outbound"}, func(e *event) string { return e.direction() })
	case "action":
		return wordTest(values, []string{"Allow", "Deny"}, func(e *event) string { return e.action() })
	case "encryption":
		if slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, "NX_ALL") }) {
			return func(e *event) bool { return strings.HasPrefix(e.encryption, "NX") }, nil
		}
		return wordTest(values, nil, func(e *event) string { return e.encryption })
	}
	return nil, fmt.Errorf("there is no field %q", name)
}

func addrTest(values []string, of func(*event) netip.Addr) (func(*event) bool, error) {
	var ps []netip.Prefix
	for _, v := range values {
		p, err := netip.ParsePrefix(v)
		if a, aerr := netip.ParseAddr(v); aerr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no address or prefix", v)
		}
		ps = append(ps, p)
	}
	return func(e *event) bool {
		return slices.ContainsFunc(ps, func(p netip.Prefix) bool { return p.Contains(of(e)) })
	}, nil
}

func portTest(values []string, of func(*event) uint16) (func(*event) bool, error) {
	var rs []portRange
	for _, v := range values {
		lo, hi, isRange := strings.Cut(v, "-")
		if !isRange {
			hi = lo
		}
		a, err := strconv.ParseUint(lo, 10, 16)
		b, err2 := strconv.ParseUint(hi, 10, 16)
		if err != nil || err2 != nil {
			return nil, fmt.Errorf("%q is no port or range", v)
		}
		rs = append(rs, portRange{uint16(a), uint16(b)})
	}
	return func(e *event) bool { return hasPort(rs, of(e)) }, nil
}

func wordTest(values, known []string, of func(*event) string) (func(*event) bool, error) {
	for _, v := range values {
		if known != nil && !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, v) }) {
			return nil, fmt.Errorf("%q is not one of %s", v, strings.Join(known, ", "))
		}
	}
	return func(e *event) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, of(e)) })
	}, nil
}

// keeps reports whether f lets e through.
func (f Filter) keeps(e *event) bool {
	for _, all := range f.any {
		if !slices.ContainsFunc(all, func(c criterion) bool { return c.test(e) == c.not }) {
			return true
		}
	}
	return f.any == nil
}
