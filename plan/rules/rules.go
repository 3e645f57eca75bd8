// Package rules says what security rules do: which one decides what, which were never
// used, which let through more than what used them, and which are the tightest that let
// through what was seen. It judges as Azure does, by priority, direction by direction;
// what it cannot judge, such as a service tag without a list, is unknown and never guessed.
package rules

import (
	"net/netip"
	"strings"
	"time"

	"flowctl/plan"
)

// The directions of rules, as Azure writes them.
const (
	Inbound  = "Inbound"
	Outbound = "Outbound"
)

// Tuple is traffic as a rule judges it. The client's port is not in it.
type Tuple struct {
	Direction   string     `json:"direction"`
	Protocol    string     `json:"protocol"` // TCP, UDP, ICMP …
	Port        uint16     `json:"port"`
	Source      netip.Addr `json:"source"`
	Destination netip.Addr `json:"destination"`
}

// Use is a tuple that a rule decided, as flow logs recorded it.
type Use struct {
	Tuple
	ACL, Rule   string // as answers call them; no rule: one of the list, and it is not clear which
	NIC         string // that saw it, as answers call it
	Denied      bool
	Flows       uint64
	Bytes       uint64 // 0 if not measured
	Measured    bool
	First, Last time.Time
}

// Kinds of lists of rules.
const (
	NSG      = "nsg"
	Platform = "platform" // Azure's own, which no rule can refuse
	Unlisted = "unlisted" // in no inventory: security admin rules, or a group that is gone or of elsewhere
)

// platformACL is what flow logs call what no access list decided.
const platformACL = "00000000-0000-0000-0000-000000000000"

// List is a list of rules with what used them.
type List struct {
	Name  string  // as answers call it
	ID    plan.ID // of the NSG; empty if no inventory has it
	Kind  string
	On    []plan.ID // the subnets and interfaces that it is on
	Lines []Line
	Uses  []Use

	// Of those in an inventory: the interfaces that it is on, and how many of them a flow log
	// recorded. Of the others nothing is known.
	Interfaces, Recorded int
}

// Watched reports whether any of the interfaces was recorded that a list is on.
func (l *List) Watched() bool { return len(l.Uses) > 0 || l.Recorded > 0 }

// Line is a rule with what used it.
type Line struct {
	plan.Rule
	Known    bool // its text is in the inventory
	Flows    uint64
	Bytes    uint64
	Measured bool
	Maybe    int // uses that it may have decided: it is not clear which rule did
	Used     Used
}

// Used is what a rule let through or refused: how many of each.
type Used struct {
	Sources      int    `json:"sources"`
	Destinations int    `json:"destinations"`
	Ports        int    `json:"ports"`
	Wider        string `json:"wider,omitempty"` // in what the rule is wider, in words; empty if in nothing
}

// kindOf is the kind of an access list that is in no inventory.
func kindOf(acl, rule string) string {
	if acl == platformACL || acl == "" || strings.EqualFold(rule, "PlatformRule") {
		return Platform
	}
	return Unlisted
}

// Bare is the name of a rule without what flow logs put before it.
func Bare(rule string) string {
	for _, prefix := range []string{"UserRule_", "DefaultRule_"} {
		if len(rule) > len(prefix) && strings.EqualFold(rule[:len(prefix)], prefix) {
			return rule[len(prefix):]
		}
	}
	return rule
}

// Listed are all lists of rules, of inventories and of uses, those of inventories in their order.
func Listed(invs []*plan.Inventory, uses []Use) []*List {
	called := plan.NewCalled(invs)
	byName := map[string]*List{}
	var out []*List
	add := func(l *List) *List {
		byName[l.Name] = l
		out = append(out, l)
		return l
	}
	for _, inv := range invs {
		for _, g := range inv.NSGs {
			name := called.As(g.ID, g.ID.Name())
			if byName[name] != nil {
				continue
			}
			l := add(&List{Name: name, ID: g.ID, Kind: NSG, On: append(append([]plan.ID{}, g.Subnets...), g.NICs...)})
			for _, r := range g.Rules {
				l.Lines = append(l.Lines, Line{Rule: r, Known: true})
			}
		}
	}
	for _, u := range uses {
		l := byName[u.ACL]
		if l == nil {
			l = add(&List{Name: u.ACL, Kind: kindOf(u.ACL, u.Rule)})
		}
		l.Uses = append(l.Uses, u)
	}
	for _, l := range out {
		l.count()
	}
	return out
}

// count adds the uses up by rule.
func (l *List) count() {
	for i := range l.Lines {
		line := &l.Lines[i]
		line.Flows, line.Bytes, line.Measured, line.Used = 0, 0, false, Used{}
	}
	of := map[[2]string]int{}
	key := func(direction, name string) [2]string { return [2]string{direction, strings.ToLower(name)} }
	for i, line := range l.Lines {
		of[key(line.Direction, line.Name)] = i
	}
	by := map[int][]Use{}
	for _, u := range l.Uses {
		if u.Rule == "" {
			continue
		}
		k := key(u.Direction, Bare(u.Rule))
		i, ok := of[k]
		if !ok {
			i = len(l.Lines)
			of[k] = i
			l.Lines = append(l.Lines, Line{Rule: plan.Rule{Name: Bare(u.Rule), Direction: u.Direction, Access: access(u.Denied)}})
		}
		line := &l.Lines[i]
		line.Flows += u.Flows
		line.Bytes += u.Bytes
		line.Measured = line.Measured || u.Measured
		by[i] = append(by[i], u)
	}
	for i, uses := range by {
		l.Lines[i].Used = usedBy(l.Lines[i], uses)
	}
}

func access(denied bool) string {
	if denied {
		return "Deny"
	}
	return "Allow"
}
