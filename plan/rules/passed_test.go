package rules

import (
	"net/netip"
	"testing"

	"flowctl/plan"
)

// guarded is one interface behind a group on its subnet and one of its own.
func guarded(more ...plan.Rule) []*plan.Inventory {
	invs := network()
	invs[0].NICs[1].NSG = sub + "networkSecurityGroups/own"
	invs[0].NSGs[0].Rules = append(more, invs[0].NSGs[0].Rules...)
	invs[0].NSGs = append(invs[0].NSGs, plan.NSG{ID: sub + "networkSecurityGroups/own", NICs: []plan.ID{sub + "networkInterfaces/b"}, Rules: []plan.Rule{
		{Name: "own-in", Priority: 100, Direction: Inbound, Access: "Allow", Protocol: "*", Sources: []string{"*"}, Destinations: []string{"*"}, Ports: []string{"443"}}}})
	invs[0].NSGs[0].Subnets = []plan.ID{sub + "virtualNetworks/v/subnets/b"}
	return invs
}

// TestPassed wants of traffic that two groups let pass, of which logs name the last, that
// the first one's rule is used too, and that a proposal for that group lets it pass.
func TestPassed(t *testing.T) {
	seen := Tuple{Inbound, "TCP", 443, addr(1, 4), addr(2, 4)}
	uses := []Use{
		{Tuple: seen, NIC: "b", ACL: "own", Rule: "UserRule_own-in", Flows: 3},
		{Tuple: Tuple{Inbound, "TCP", 22, addr(1, 4), addr(2, 4)}, NIC: "b", ACL: "web", Rule: "UserRule_rest", Denied: true, Flows: 1},
	}
	first := func(access, source string) plan.Rule {
		return plan.Rule{Name: "first", Priority: 90, Direction: Inbound, Access: access, Protocol: "*", Sources: []string{source}, Destinations: []string{"*"}, Ports: []string{"443"}}
	}
	internet := netip.MustParseAddr("20.1.2.3")
	tests := map[string]struct {
		invs        []*plan.Inventory
		from        netip.Addr
		rule        string
		flows       uint64
		maybe       int
		nic         string
		wantAllowed int
	}{
		"the subnet's group let it pass":             {guarded(), addr(1, 4), "in", 3, 0, "b", 1},
		"a tag that no list at hand has comes first": {guarded(first("Allow", "Storage")), internet, "first", 0, 1, "b", 1},
		"an interface that no inventory has":         {guarded(), addr(1, 4), "in", 0, 0, "other", 0},
		"the inventory is of a stricter time":        {guarded(first("Deny", "*")), addr(1, 4), "in", 0, 0, "b", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			seen.Source = tt.from
			uses[0].Tuple, uses[0].NIC = seen, tt.nic
			lists := Listed(tt.invs, uses)
			Passed(lists, tt.invs, nil)
			web := lists[0]
			if web.Name != "web" || lists[1].Name != "own" {
				t.Fatal("other lists than web and own")
			}
			for _, l := range web.Lines {
				if l.Name == tt.rule && (l.Flows != tt.flows || l.Maybe != tt.maybe) {
					t.Errorf("%d flows, maybe %d; want %d, %d", l.Flows, l.Maybe, tt.flows, tt.maybe)
				}
			}
			if own := lists[1].Lines[0]; own.Flows != 3 || own.Maybe != 0 {
				t.Errorf("the rule that logs name has %d flows, maybe %d", own.Flows, own.Maybe)
			}
			p := Propose(web.Uses, Grouping{})
			if p.Allowed != tt.wantAllowed || p.Refused != 1 {
				t.Errorf("the proposal lets pass %d and refuses %d tuples, want %d and 1", p.Allowed, p.Refused, tt.wantAllowed)
			}
			if got := (World{}).Decide(p.Rules, seen).Passes() == Yes; got != (tt.wantAllowed == 1) {
				t.Errorf("the proposal lets it pass: %v", got)
			}
		})
	}
}
