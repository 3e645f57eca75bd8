package config

import (
	"fmt"
	"net/netip"
	"strings"

	"flowctl/plan"
)

var captureFilterSchema = schema{
	attrs: []string{"protocol", "local_address", "local_port", "remote_address", "remote_port"},
}

// captureFilter reads one filter of a packet capture. Azure takes one value,
// one range "a-b" or a list of single values "a;b", and no networks: those
// become ranges.
func (b block) captureFilter() (plan.CaptureFilter, bool) {
	before := len(b.scope.list)
	captureFilterSchema.check(b.Body, "filter", b.scope.problems)
	f := plan.CaptureFilter{
		Protocol:      b.captureProtocol(),
		LocalAddress:  b.selection("local_address", "Invalid address", addressTerm),
		LocalPort:     b.selection("local_port", "Invalid port", portTerm),
		RemoteAddress: b.selection("remote_address", "Invalid address", addressTerm),
		RemotePort:    b.selection("remote_port", "Invalid port", portTerm),
	}
	if b.empty(captureFilterSchema.attrs) && len(b.scope.list) == before {
		b.scope.add("Empty filter", header(b.Block), "This filter lets everything through. Name something, such as remote_port = 443, or remove it.")
	}
	return f, len(b.scope.list) == before
}

func (b block) captureProtocol() string {
	if v, ok := b.value("protocol"); ok && v.Type().IsTupleType() {
		b.scope.add("Invalid filter", b.at("protocol"), "A filter has one protocol. Write one filter block for each; they are joined by or.")
		return ""
	}
	p, _ := b.one("protocol", "Invalid filter", []string{"TCP", "UDP", "Any"})
	return p
}

// term is a value of a filter in the service's form.
type term struct {
	text    string
	isRange bool
}

// selection compiles the values of one attribute.
func (b block) selection(name, summary string, parse func(string) (term, error)) string {
	items, ok := b.list(name)
	if !ok {
		return ""
	}
	var texts []string
	for _, i := range items {
		t, err := parse(i.text)
		if err != nil {
			b.scope.add(summary, i.at, "%s is wrong: %s.", name, err)
			return ""
		}
		if t.isRange && len(items) > 1 {
			b.scope.add("Invalid filter", i.at, "Azure takes one range or a list of single values for %s, and %q is a range among others. Write one filter block for each; they are joined by or.", name, i.text)
			return ""
		}
		texts = append(texts, t.text)
	}
	return strings.Join(texts, ";")
}

func addressTerm(s string) (term, error) {
	if from, to, err := parseRange(s); strings.Contains(s, "-") {
		return rangeTerm(from, to), err
	}
	p, err := prefixOf(s)
	if err != nil {
		return term{}, err
	}
	from, to := span(p)
	return rangeTerm(from, to), nil
}

func rangeTerm(from, to netip.Addr) term {
	if from == to {
		return term{text: from.String()}
	}
	return term{fmt.Sprintf("%s-%s", from, to), true}
}

func portTerm(s string) (term, error) {
	ports, err := parsePorts(s)
	return term{ports, strings.Contains(ports, "-")}, err
}
