package summary

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// call compiles the functions that take a field.
func (c *compiler) call(e *hclsyntax.FunctionCallExpr) value {
	known := map[string]func(*hclsyntax.FunctionCallExpr, value, value) value{
		"contains":     c.contains,
		"startswith":   c.startsWith,
		"endswith":     c.endsWith,
		"cidrcontains": c.cidrContains,
	}
	f, ok := known[e.Name]
	if !ok {
		return c.refuse(e.NameRange, "Unsupported function",
			fmt.Sprintf("%s cannot be used on a field of a flow; contains, startswith, endswith and cidrcontains can.", e.Name))
	}
	if len(e.Args) != 2 || e.ExpandFinal {
		return c.refuse(e.Range(), "Wrong number of arguments", fmt.Sprintf("%s takes 2 arguments.", e.Name))
	}
	a, b := c.expr(e.Args[0]), c.expr(e.Args[1])
	if a.kind == 0 || b.kind == 0 {
		return value{}
	}
	return f(e, a, b)
}

// contains is true for flows whose field is in a constant list.
func (c *compiler) contains(e *hclsyntax.FunctionCallExpr, list, v value) value {
	at := e.Args[0].Range()
	if list.kind != listKind {
		return c.refuse(at, "Invalid argument", "contains takes a list and a field, as in contains([22, 3389], port).")
	}
	switch v.kind {
	case numberKind:
		if len(list.list) > 0 {
			return c.refuse(at, "Invalid argument", fmt.Sprintf("%s is a number; write the numbers of the list without quotes.", v.field))
		}
		return boolean(func(n *naming, s *enriched) bool { return slices.Contains(list.numbers, v.number(n, s)) })
	case textKind:
		return c.containsText(at, list, v)
	}
	return c.refuse(e.Args[1].Range(), "Invalid argument", "contains takes a list and a field.")
}

func (c *compiler) containsText(at hcl.Range, list, v value) value {
	if len(list.numbers) > 0 {
		return c.refuse(at, "Invalid argument", fmt.Sprintf("%s is text; write the values of the list in quotes.", v.field))
	}
	in := map[string]bool{}
	for _, t := range list.list {
		if v.field != "" {
			var ok bool
			if t, ok = c.fieldValue(v.field, t, at); !ok {
				return value{}
			}
		}
		in[strings.ToLower(t)] = true
	}
	return boolean(func(n *naming, s *enriched) bool { return in[strings.ToLower(v.text(n, s))] })
}

func (c *compiler) startsWith(e *hclsyntax.FunctionCallExpr, a, b value) value {
	return c.affix(e, a, b, strings.HasPrefix)
}

func (c *compiler) endsWith(e *hclsyntax.FunctionCallExpr, a, b value) value {
	return c.affix(e, a, b, strings.HasSuffix)
}

func (c *compiler) affix(e *hclsyntax.FunctionCallExpr, a, b value, has func(s, affix string) bool) value {
	if a.kind != textKind || b.kind != textKind {
		return c.refuse(e.Range(), "Invalid argument", fmt.Sprintf("%s takes two texts, as in %s(rule, \"UserRule_\").", e.Name, e.Name))
	}
	return boolean(func(n *naming, s *enriched) bool {
		return has(strings.ToLower(a.text(n, s)), strings.ToLower(b.text(n, s)))
	})
}

// cidrContains is true for flows whose address is in one of some prefixes.
func (c *compiler) cidrContains(e *hclsyntax.FunctionCallExpr, a, b value) value {
	at := e.Args[0].Range()
	texts := a.list
	if a.kind == textKind {
		texts = []string{a.literal}
	}
	if !a.constant || len(texts) == 0 || len(a.numbers) > 0 || !isAddress(b.field) {
		return c.refuse(e.Range(), "Invalid argument", "cidrcontains takes a prefix or a list of prefixes and an address, as in cidrcontains(\"10.0.0.0/8\", source.address).")
	}
	var prefixes []netip.Prefix
	for _, t := range texts {
		p, err := netip.ParsePrefix(t)
		if err != nil {
			return c.refuse(at, "Invalid prefix", fmt.Sprintf("%q is not a prefix such as 10.0.0.0/8 or fd00::/8.", t))
		}
		prefixes = append(prefixes, p.Masked())
	}
	return boolean(func(n *naming, s *enriched) bool {
		ip, err := netip.ParseAddr(b.text(n, s))
		return err == nil && holds(prefixes, ip)
	})
}
