package preflight

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"flowctl/plan"
)

// far is where a machine that is captured must get to.
type far struct {
	what string
	port int
	tags []string // service tags that hold it, in lower case; one with a region after a dot holds it too
	addr netip.Addr
}

// The platform's own addresses, which the agent asks ("Manage packet captures",
// requirements of the machine's network).
var platform = []far{
	{"168.63.129.16, the platform", 8037, []string{"virtualnetwork", "internet"}, netip.MustParseAddr("168.63.129.16")},
	{"169.254.169.254, the metadata service", 80, []string{"azureplatformimds"}, netip.MustParseAddr("169.254.169.254")},
}

var toStorage = far{what: "its storage account", port: 443, tags: []string{"internet", "azurecloud", "storage"}}

// ways looks whether security groups let a machine that is captured reach what
// the agent needs. Only rules whose meaning is certain count: one that names
// addresses of the internet, or application security groups, is passed over.
func (c *checker) ways(s *plan.Session) {
	x := c.index(s)
	need := append([]far{}, platform...)
	if !c.endpointNear(s, c.subnets(s)) { // the account may have an address in the network
		need = append(need, toStorage)
	}
	for _, n := range x.Interfaces(s.Target.ID) {
		groups := []plan.ID{n.NSG}
		for _, id := range n.Subnets {
			if sub := x.Subnets[id.Key()]; sub != nil {
				groups = append(groups, sub.NSG)
			}
		}
		for _, id := range groups {
			if g := x.NSGs[id.Key()]; g != nil {
				c.denied(s, n, g, need)
			}
		}
	}
}

// denied says where a security group keeps an interface from getting to.
func (c *checker) denied(s *plan.Session, n *plan.NIC, g *plan.NSG, need []far) {
	by := map[string][]string{} // what cannot be reached, by the rule
	var rules []string
	for _, f := range need {
		r, ok := decides(g.Rules, n, f)
		if !ok || !strings.EqualFold(r.Access, "Deny") {
			continue
		}
		if by[r.Name] == nil {
			rules = append(rules, r.Name)
		}
		by[r.Name] = append(by[r.Name], f.what+" (TCP "+strconv.Itoa(f.port)+")")
	}
	for _, name := range rules {
		c.say(plan.Warning, plan.CaptureDenied, on(s, c.watch(s).Capture.Range), "A security group keeps the capture in",
			"Rule %s of %s denies the way from %s to %s. The machine itself takes the capture and uploads it: it will not start, or its file will be lost. Allow these ways in a rule of higher priority.",
			name, g.ID.Name(), s.Target.ID.Name(), strings.Join(by[name], " and "))
	}
}

// decides returns the rule that decides about the way out; ok is false if none
// does for certain. The default rules do not decide about the platform's
// addresses: every machine reaches them unless somebody forbids it.
func decides(rules []plan.Rule, n *plan.NIC, f far) (plan.Rule, bool) {
	out := slices.DeleteFunc(slices.Clone(rules), func(r plan.Rule) bool { return !strings.EqualFold(r.Direction, "Outbound") })
	slices.SortStableFunc(out, func(a, b plan.Rule) int { return a.Priority - b.Priority })
	for _, r := range out {
		if r.Default && f.addr.IsValid() {
			continue
		}
		if protocol := strings.ToLower(r.Protocol); protocol != "*" && protocol != "tcp" && protocol != "any" {
			continue
		}
		if slices.ContainsFunc(r.Ports, f.inPort) && slices.ContainsFunc(r.Sources, func(s string) bool { return from(s, n) }) && slices.ContainsFunc(r.Destinations, f.in) {
			return r, true
		}
	}
	return plan.Rule{}, false
}

// inPort reports whether a range of ports holds that of f.
func (f far) inPort(text string) bool {
	if text == "*" {
		return true
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, err := strconv.Atoi(first)
	b, err2 := strconv.Atoi(last)
	return err == nil && err2 == nil && a <= f.port && f.port <= b
}

// in reports whether a destination of a rule holds f for certain.
func (f far) in(text string) bool {
	switch text = strings.ToLower(text); text {
	case "*", "any", "0.0.0.0/0":
		return true
	}
	if f.addr.IsValid() {
		if s, ok := oneSpan(text); ok {
			return s.has(f.addr)
		}
	}
	tag, _, _ := strings.Cut(text, ".")
	return slices.Contains(f.tags, tag)
}

// from reports whether a source of a rule holds an interface for certain.
func from(text string, n *plan.NIC) bool {
	switch strings.ToLower(text) {
	case "*", "any", "virtualnetwork", "0.0.0.0/0":
		return true
	}
	s, ok := oneSpan(text)
	return ok && slices.ContainsFunc(n.Addresses, s.has)
}
