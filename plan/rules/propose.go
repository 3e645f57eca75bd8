package rules

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"flowctl/plan"
)

// Limits of Azure: rules of a group, and addresses of a rule.
const (
	mostRules     = 1000
	mostAddresses = 4000
)

// denyPriority is the last one that a rule may have.
const denyPriority = 4096

// Grouping is what may stand for single addresses in proposals: an application security
// group for those of its members, a prefix for two and more in it, and the tag Internet for
// more than Public. None does where it would let something pass that was refused, or that
// no rule lets pass now.
type Grouping struct {
	Groups   map[string][]netip.Addr // of application security groups, by id as it is written
	Prefixes []netip.Prefix          // of subnets
	Public   int                     // 0 for any number of public addresses
	Present  []plan.Rule             // as they are; nil if they are not known
	World    World                   // what names in them mean
}

// Proposal is the tightest rules of one list for what it let pass.
type Proposal struct {
	Rules    []plan.Rule
	Allowed  int     // tuples
	Refused  int     // tuples that the list refused, and the proposal refuses too
	Both     []Tuple // that the list let pass and refused at different times: the proposal lets them pass
	Left     int     // uses that no rule can be made of, since an address or the port is not known
	Problems []string
}

// block is a rule in the making: all of its tuples were let pass, or it was made wider.
type block struct {
	direction, protocol   string
	sources, destinations side
	ports                 []uint16 // in order
}

// side is the addresses of one side of a rule: a set, or a group that stands for them.
type side struct {
	set   *netipx.IPSet
	group string // id of an application security group; empty for none
}

func (s side) key() string {
	if s.group != "" {
		return s.group
	}
	return fmt.Sprint(s.set.Ranges())
}

// Propose makes the tightest rules of what was let pass. The last rule of each direction
// of which there are some refuses everything else.
func Propose(uses []Use, by Grouping) Proposal {
	var p Proposal
	allowed, refused := map[Tuple]bool{}, map[Tuple]bool{}
	for _, u := range uses {
		switch t := u.Tuple; {
		case !t.Source.IsValid() || !t.Destination.IsValid() || u.Port == 0:
			p.Left++
		case u.Denied:
			refused[t] = true
		default:
			allowed[t] = true
		}
	}
	for t := range refused {
		if allowed[t] {
			p.Both = append(p.Both, t)
			delete(refused, t)
		}
	}
	slices.SortFunc(p.Both, compareTuples)
	p.Allowed, p.Refused = len(allowed), len(refused)
	blocks := merged(blocksOf(allowed))
	w := widening{Grouping: by, refused: map[string][]Tuple{}}
	for t := range refused {
		w.refused[t.Direction+t.Protocol] = append(w.refused[t.Direction+t.Protocol], t)
	}
	blocks = merged(w.widen(blocks))
	p.Rules, p.Problems = rulesOf(blocks)
	return p
}

func compareTuples(a, b Tuple) int {
	return cmp.Or(cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port),
		a.Source.Compare(b.Source), a.Destination.Compare(b.Destination))
}

func blocksOf(allowed map[Tuple]bool) []block {
	var out []block
	for _, t := range slices.SortedFunc(maps.Keys(allowed), compareTuples) {
		out = append(out, block{t.Direction, t.Protocol, side{set: only(t.Source)}, side{set: only(t.Destination)}, []uint16{t.Port}})
	}
	return out
}

func only(a netip.Addr) *netipx.IPSet {
	var b netipx.IPSetBuilder
	b.Add(a.Unmap())
	set, _ := b.IPSet()
	return set
}

// merged joins blocks that are the same but for one of sources, destinations and ports,
// until there are none. A union in one of three is of no tuple more.
func merged(blocks []block) []block {
	joins := []func([]block) []block{
		joined(func(b *block) string { return b.destinations.key() + fmt.Sprint(b.ports) }, func(b *block) *side { return &b.sources }),
		joined(func(b *block) string { return b.sources.key() + fmt.Sprint(b.ports) }, func(b *block) *side { return &b.destinations }),
		joinedPorts,
	}
	for n := len(blocks) + 1; len(blocks) < n; {
		n = len(blocks)
		for _, join := range joins {
			blocks = join(blocks)
		}
	}
	return blocks
}

// joined joins blocks of one key by the sets of one side; those of groups stay, but alike ones.
func joined(key func(*block) string, of func(*block) *side) func([]block) []block {
	return func(blocks []block) []block {
		var order []string
		sets := map[string]*netipx.IPSetBuilder{}
		first := map[string]block{}
		for _, b := range blocks {
			s := of(&b)
			k := b.direction + b.protocol + " " + key(&b) + " " + s.group
			if sets[k] == nil {
				sets[k], first[k] = &netipx.IPSetBuilder{}, b
				order = append(order, k)
			}
			if s.set != nil {
				sets[k].AddSet(s.set)
			}
		}
		out := make([]block, 0, len(order))
		for _, k := range order {
			b := first[k]
			of(&b).set, _ = sets[k].IPSet()
			out = append(out, b)
		}
		return out
	}
}

func joinedPorts(blocks []block) []block {
	at := map[string]int{}
	var out []block
	for _, b := range blocks {
		k := b.direction + b.protocol + " " + b.sources.key() + " " + b.destinations.key()
		if i, ok := at[k]; ok {
			out[i].ports = append(slices.Clone(out[i].ports), b.ports...)
			continue
		}
		at[k] = len(out)
		out = append(out, b)
	}
	for i := range out {
		slices.Sort(out[i].ports)
		out[i].ports = slices.Compact(out[i].ports)
	}
	return out
}

// rulesOf are the rules of blocks, with one that refuses the rest for each direction.
func rulesOf(blocks []block) (out []plan.Rule, problems []string) {
	for _, direction := range []string{Inbound, Outbound} {
		priority := 100
		for _, b := range blocks {
			if b.direction != direction {
				continue
			}
			r := plan.Rule{Name: nameOf(b, priority), Priority: priority, Direction: direction, Access: "Allow", Protocol: titled(b.protocol),
				Sources: b.sources.texts(), Destinations: b.destinations.texts(), Ports: portTexts(b.ports)}
			if n := max(len(r.Sources), len(r.Destinations), len(r.Ports)); n > mostAddresses {
				problems = append(problems, fmt.Sprintf("%s names %d prefixes or ports, and Azure takes %d in a rule", r.Name, n, mostAddresses))
			}
			out = append(out, r)
			priority++
		}
		if priority > 100 {
			out = append(out, plan.Rule{Name: "deny-what-was-not-seen-" + strings.ToLower(direction), Priority: denyPriority, Direction: direction, Access: "Deny", Protocol: "*",
				Sources: []string{"*"}, Destinations: []string{"*"}, Ports: []string{"*"}})
		}
	}
	if len(out) > mostRules {
		problems = append(problems, fmt.Sprintf("%d rules are more than the %d that Azure takes in a security group: group them by prefix or application security group", len(out), mostRules))
	}
	return out, problems
}

func nameOf(b block, priority int) string {
	ports := fmt.Sprint(b.ports[0])
	if len(b.ports) > 1 {
		ports = fmt.Sprintf("%d-ports", len(b.ports))
	}
	return fmt.Sprintf("seen-%s-%s-%s-%d", strings.ToLower(b.direction), strings.ToLower(b.protocol), ports, priority)
}

// titled is a protocol as rules write it: Tcp, Udp.
func titled(s string) string {
	s = strings.ToLower(s)
	return strings.ToUpper(s[:1]) + s[1:]
}

func (s side) texts() []string {
	if s.group != "" {
		return []string{s.group}
	}
	var out []string
	for _, p := range s.set.Prefixes() {
		switch {
		case p.Contains(azureLoadBalancer) && p.IsSingleIP():
			out = append(out, "AzureLoadBalancer")
		case p.IsSingleIP():
			out = append(out, p.Addr().String())
		default:
			out = append(out, p.String())
		}
	}
	return out
}

// portTexts writes ports, those in a row as a range.
func portTexts(ports []uint16) (out []string) {
	for i := 0; i < len(ports); {
		k := i
		for k+1 < len(ports) && ports[k+1] == ports[k]+1 {
			k++
		}
		if k == i {
			out = append(out, fmt.Sprint(ports[i]))
		} else {
			out = append(out, fmt.Sprintf("%d-%d", ports[i], ports[k]))
		}
		i = k + 1
	}
	return out
}
