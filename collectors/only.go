package collectors

import (
	"net/netip"
	"strconv"
	"strings"

	"flowctl/collectors/flow"
)

// Only is what counts of a flow log that records more than was asked for, in the
// service's own terms: the filter that a flow log could have
// (enabledFilteringCriteria) and the letters of record types. The zero Only is
// all of it.
type Only struct{ Filter, RecordTypes string }

// wants returns what tells whether a record counts. A condition on a field that
// is not known here lets everything through.
func (o Only) wants() func(*flow.Record) bool {
	if o == (Only{}) {
		return func(*flow.Record) bool { return true }
	}
	var clauses [][]condition
	for part := range strings.SplitSeq(o.Filter, "||") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		var all []condition
		for term := range strings.SplitSeq(part, "&&") {
			all = append(all, parseCondition(term))
		}
		clauses = append(clauses, all)
	}
	types := o.types()
	return func(r *flow.Record) bool {
		if types != nil && !types[r.State] {
			return false
		}
		for _, all := range clauses {
			if holds(all, r) {
				return true
			}
		}
		return len(clauses) == 0
	}
}

// types are the states that count; nil for all.
func (o Only) types() map[flow.State]bool {
	if o.RecordTypes == "" {
		return nil
	}
	letters := map[string]flow.State{"B": flow.Begin, "C": flow.Continue, "E": flow.End, "D": flow.Deny}
	out := map[flow.State]bool{}
	for l := range strings.SplitSeq(o.RecordTypes, ",") {
		if s, ok := letters[strings.ToUpper(strings.TrimSpace(l))]; ok {
			out[s] = true
		}
	}
	return out
}

// condition is one term: a value of a field among several, or none of them.
type condition struct {
	not bool
	is  func(*flow.Record) bool
}

func holds(all []condition, r *flow.Record) bool {
	for _, c := range all {
		if c.is(r) == c.not {
			return false
		}
	}
	return true
}

func parseCondition(term string) condition {
	field, list, _ := strings.Cut(term, "=")
	field, not := strings.CutSuffix(strings.TrimSpace(field), "!")
	c := condition{not: not}
	var among []func(*flow.Record) bool
	for v := range strings.SplitSeq(list, ",") {
		is := parseValue(strings.ToLower(strings.TrimSpace(field)), strings.TrimSpace(v))
		if is == nil {
			return condition{is: func(*flow.Record) bool { return true }}
		}
		among = append(among, is)
	}
	c.is = func(r *flow.Record) bool {
		for _, is := range among {
			if is(r) {
				return true
			}
		}
		return false
	}
	return c
}

// parseValue returns what tells whether a field has a value; nil if the field or
// the value is not known here.
func parseValue(field, v string) func(*flow.Record) bool {
	switch field {
	case "direction":
		return func(r *flow.Record) bool { return strings.EqualFold(r.Direction.String(), v) }
	case "protocol":
		proto, ok := map[string]uint8{"TCP": 6, "UDP": 17}[strings.ToUpper(v)]
		if !ok {
			return nil
		}
		return func(r *flow.Record) bool { return r.Proto == proto }
	case "action":
		deny := strings.EqualFold(v, "deny")
		return func(r *flow.Record) bool { return r.Denied() == deny }
	case "encryption":
		if strings.EqualFold(v, "NX_ALL") {
			return func(r *flow.Record) bool { return strings.HasPrefix(r.Encryption.String(), "NX") }
		}
		return func(r *flow.Record) bool { return strings.EqualFold(r.Encryption.String(), v) }
	case "srcip":
		return inNetwork(v, func(r *flow.Record) flow.Addr { return r.Src })
	case "dstip":
		return inNetwork(v, func(r *flow.Record) flow.Addr { return r.Dst })
	case "srcport":
		return inPorts(v, func(r *flow.Record) uint16 { return r.SrcPort })
	case "dstport":
		return inPorts(v, func(r *flow.Record) uint16 { return r.DstPort })
	}
	return nil
}

func inNetwork(v string, of func(*flow.Record) flow.Addr) func(*flow.Record) bool {
	p, err := netip.ParsePrefix(v)
	if a, err2 := netip.ParseAddr(v); err != nil && err2 == nil {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if err != nil {
		return nil
	}
	return func(r *flow.Record) bool { return p.Contains(of(r).Netip()) }
}

func inPorts(v string, of func(*flow.Record) uint16) func(*flow.Record) bool {
	first, last, isRange := strings.Cut(v, "-")
	if !isRange {
		last = first
	}
	a, err := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	b, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	if err != nil || err2 != nil {
		return nil
	}
	return func(r *flow.Record) bool { p := uint64(of(r)); return a <= p && p <= b }
}
