package world

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"flowctl/plan"
)

// The names that flow logs use where no rule of a group decided.
const (
	ZeroGUID     = "00000000-0000-0000-0000-000000000000"
	PlatformRule = "PlatformRule"
	Unspecified  = "unspecified"
)

// The protocols that rules know, as IANA numbers them.
const (
	ICMP = 1
	TCP  = 6
	UDP  = 17
)

// platform are the addresses of the host itself (wire server and DNS, and the
// instance metadata service), which no NSG stands before.
var platform = []netip.Addr{netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("169.254.169.254")}

// Packet is what rules look at.
type Packet struct {
	Protocol         uint8 // IANA number
	Source, Dest     netip.Addr
	SourcePort, Port uint16
}

// DefaultRules are the six rules of every NSG (documented in "Network security
// groups", default security rules).
func DefaultRules(nsg plan.ID) []*Rule {
	make := func(name string, priority int, direction, access, source, destination, doc string) *Rule {
		return &Rule{
			ID: nsg + plan.ID("/defaultSecurityRules/"+name), Name: name, Description: doc, Priority: priority,
			Direction: direction, Access: access, Protocol: "*",
			Sources: []string{source}, Destinations: []string{destination},
			SourcePorts: []string{"*"}, Ports: []string{"*"}, Default: true,
		}
	}
	return []*Rule{
		make("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork", "Allow inbound traffic from all VMs in VNET"),
		make("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*", "Allow inbound traffic from azure load balancer"),
		make("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*", "Deny all inbound traffic"),
		make("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork", "Allow outbound traffic from all VMs to all VMs in VNET"),
		make("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet", "Allow outbound traffic from all VMs to Internet"),
		make("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*", "Deny all outbound traffic"),
	}
}

// matcher is a rule made ready for evaluation.
type matcher struct {
	label          string // as flow logs name the rule
	protocol       uint8  // 0: any
	from, to       side
	sports, dports []portRange
}

// side are the addresses that one side of a rule names.
type side struct {
	any, vnet, internet, balancer bool
	prefixes                      []netip.Prefix
}

type portRange struct{ lo, hi uint16 }

func parsePorts(text string) (portRange, error) {
	if text == "*" {
		return portRange{0, 65535}, nil
	}
	first, last, ok := strings.Cut(text, "-")
	if !ok {
		last = first
	}
	lo, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return portRange{}, err
	}
	hi, err := strconv.ParseUint(last, 10, 16)
	if err == nil && hi < lo {
		err = fmt.Errorf("range %s runs backwards", text)
	}
	return portRange{uint16(lo), uint16(hi)}, err
}

// bindRules makes all rules ready, once the service tags are known.
func (b *builder) bindRules() {
	for i, s := range b.spec.NSGs {
		for _, r := range append(slices.Clone(b.w.NSGs[i].Rules), b.w.NSGs[i].Defaults...) {
			at := slices.IndexFunc(s.Rules, func(rs ruleSpec) bool { return rs.Name == r.Name })
			b.bind(r, s.Rules, at)
		}
	}
	specs := map[string][]ruleSpec{}
	for _, s := range b.spec.Collections {
		specs[b.w.GUID("adminRuleCollection/"+s.Name)] = s.Rules
	}
	for _, r := range b.w.AdminRules {
		at := slices.IndexFunc(specs[r.GUID], func(rs ruleSpec) bool { return rs.Name == r.Name })
		b.bind(&r.Rule, specs[r.GUID], at)
	}
}

func (b *builder) bind(r *Rule, specs []ruleSpec, at int) {
	body := b.spec.Body
	if at >= 0 {
		body = specs[at].Body
	}
	m := matcher{protocol: map[string]uint8{"Tcp": TCP, "Udp": UDP, "Icmp": ICMP, "Esp": 50, "Ah": 51}[r.Protocol]}
	m.label = "UserRule_" + r.Name
	if r.Default {
		m.label = "DefaultRule_" + r.Name
	}
	for _, p := range r.SourcePorts {
		pr, _ := parsePorts(p) // checked in rule
		m.sports = append(m.sports, pr)
	}
	for _, p := range r.Ports {
		pr, _ := parsePorts(p)
		m.dports = append(m.dports, pr)
	}
	var bad string
	if m.from, bad = b.w.side(r.Sources); bad != "" {
		b.errorf(body, "sources", "Unknown address", "%q is no address, prefix or service tag of this world. Add a service_tag block for it.", bad)
	}
	if m.to, bad = b.w.side(r.Destinations); bad != "" {
		b.errorf(body, "destinations", "Unknown address", "%q is no address, prefix or service tag of this world. Add a service_tag block for it.", bad)
	}
	r.match = m
}

// side compiles addresses, prefixes and tags; bad is the first it cannot.
func (w *World) side(names []string) (s side, bad string) {
	for _, name := range names {
		switch strings.ToLower(name) {
		case "*", "any":
			s.any = true
			continue
		case "virtualnetwork":
			s.vnet = true
			continue
		case "internet":
			s.internet = true
			continue
		case "azureloadbalancer":
			s.balancer = true
			continue
		}
		ps, ok := w.named(name)
		if !ok {
			return s, name
		}
		s.prefixes = append(s.prefixes, ps...)
	}
	return s, ""
}

func (w *World) named(name string) ([]netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(name); err == nil {
		return []netip.Prefix{p.Masked()}, true
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, true
	}
	for _, t := range w.ServiceTags {
		if strings.EqualFold(t.Name, name) {
			return t.Prefixes, true
		}
	}
	return nil, false
}
