package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// criterion is one attribute of a flow log's filter: its name here and in
// the service, and how a value is written there.
type criterion struct {
	attr, field string
	value       func(*scope, item, string) (string, bool)
}

// criteria are in the order in which Azure documents the fields ("VNet flow
// logs filtering", supported fields). Action is named by the REST
// reference alone, without its values.
var criteria = []criterion{
	{"direction", "Direction", oneOf("Inbound", "Outbound")},
	{"source_address", "SrcIP", networkValue},
	{"source_port", "SrcPort", portValue},
	{"destination_address", "DstIP", networkValue},
	{"destination_port", "DstPort", portValue},
	{"protocol", "Protocol", oneOf("TCP", "UDP")},
	{"encryption", "Encryption", oneOf("X", "NX", "NX_HW_NOT_SUPPORTED", "NX_SW_NOT_READY", "NX_NOT_ACCEPTED",
		"NX_NOT_SUPPORTED", "NX_LOCAL_DST", "NX_FALLBACK", "NX_ALL")},
	{"action", "Action", oneOf("Allow", "Deny")},
}

// maxFilter is the most characters that a flow log's filter can have.
const maxFilter = 1000

func flowFilterSchema(inner bool) schema {
	var s schema
	for _, c := range criteria {
		s.attrs = append(s.attrs, c.attr)
	}
	if !inner {
		s.blocks = map[string]rule{"not": {}}
	}
	return s
}

func oneOf(known ...string) func(*scope, item, string) (string, bool) {
	return func(s *scope, i item, what string) (string, bool) {
		return s.among(i, "Invalid filter", what, known)
	}
}

func networkValue(s *scope, i item, what string) (string, bool) {
	p, err := prefixOf(i.text)
	if err != nil {
		s.add("Invalid address", i.at, "%s is wrong: %s.", what, err)
		return "", false
	}
	if p.IsSingleIP() {
		return p.Addr().String(), true
	}
	return p.String(), true
}

func portValue(s *scope, i item, what string) (string, bool) {
	ports, err := parsePorts(i.text)
	if err != nil {
		s.add("Invalid port", i.at, "%s is wrong: %s.", what, err)
	}
	return ports, err == nil
}

// flowFilter compiles the filter blocks to the service's expression: values
// of one block are joined by &&, blocks by ||. && binds tighter there, and
// there are no parentheses, so this is what can be said.
func (b block) flowFilter() string {
	var parts []string
	var longest *hclsyntax.Block
	most := 0
	for _, c := range b.Body.Blocks {
		if c.Type != "filter" {
			continue
		}
		part, ok := b.inner(c).flowFilterBlock()
		if !ok {
			return ""
		}
		parts = append(parts, part)
		if len(part) > most {
			longest, most = c, len(part)
		}
	}
	filter := strings.Join(parts, " || ")
	if len(filter) > maxFilter {
		b.scope.add("Filter too long", header(longest), "The filter is %d characters long for Azure, which takes %d. This block makes up %d of them: name networks instead of addresses, or ranges instead of ports.",
			len(filter), maxFilter, most)
		return ""
	}
	return filter
}

// flowFilterBlock compiles one filter block.
func (b block) flowFilterBlock() (string, bool) {
	before := len(b.scope.list)
	flowFilterSchema(false).check(b.Body, "filter", b.scope.problems)
	terms := b.terms("=")
	for _, c := range b.Body.Blocks {
		if c.Type == "not" {
			not := b.inner(c)
			flowFilterSchema(true).check(c.Body, "not", b.scope.problems)
			terms = append(terms, not.terms("!=")...)
		}
	}
	if len(b.scope.list) > before {
		return "", false
	}
	if len(terms) == 0 && b.unsaid() {
		b.scope.add("Empty filter", header(b.Block), "This filter lets everything through. Name something, such as destination_port = 443, or remove it.")
	}
	return strings.Join(terms, " && "), len(terms) > 0
}

// unsaid reports whether the block has no attribute at all, here or inside.
func (b block) unsaid() bool {
	names := flowFilterSchema(true).attrs
	for _, c := range b.Body.Blocks {
		if !b.inner(c).empty(names) {
			return false
		}
	}
	return b.empty(names)
}

// terms compiles the attributes of a block.
func (b block) terms(op string) []string {
	var terms []string
	for _, c := range criteria {
		items, ok := b.list(c.attr)
		if !ok {
			continue
		}
		var vals []string
		for _, i := range items {
			if v, ok := c.value(b.scope, i, c.attr); ok {
				vals = append(vals, v)
			}
		}
		terms = append(terms, c.field+op+strings.Join(vals, ","))
	}
	return terms
}
