package rules

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"flowctl/plan"
)

func addr(a, b byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, a, b}) }

// generated are uses as a few machines, clients and services have them; of some tuples
// both verdicts.
func generated(seed uint64) []Use {
	r := rand.New(rand.NewPCG(seed, 7))
	var uses []Use
	for range 1 + r.IntN(120) {
		u := Use{Denied: r.IntN(3) == 0}
		u.Direction, u.Protocol, u.Port = []string{Inbound, Outbound}[r.IntN(2)], []string{"TCP", "UDP"}[r.IntN(2)], uint16(1+r.IntN(9))
		u.Source, u.Destination = addr(byte(r.IntN(2)), byte(r.IntN(7))), addr(2, byte(r.IntN(7)))
		if r.IntN(9) == 0 {
			u.Source = netip.AddrFrom16([16]byte{0xfd, 15: byte(r.IntN(5))})
			u.Destination = netip.AddrFrom16([16]byte{0xfd, 14: 1, 15: byte(r.IntN(5))})
		}
		uses = append(uses, u)
	}
	return uses
}

// passes judges a tuple by rules as Azure does: the first that fits decides.
func passes(t *testing.T, w World, list []plan.Rule, of Tuple) bool {
	t.Helper()
	d := w.Decide(list, of)
	if len(d.Maybe) > 0 || d.Rule == nil {
		t.Fatalf("%+v is undecided by %+v", of, list)
	}
	return d.Rule.Access == "Allow"
}

// TestProposalLaw checks that proposals let all pass that was let pass, and nothing that
// was refused alone; and that without groups nothing passes that was not seen.
func TestProposalLaw(t *testing.T) {
	group := Grouping{
		Groups:   map[string][]netip.Addr{"/asg/a": {addr(0, 1), addr(0, 2), addr(0, 3)}, "/asg/b": {addr(2, 0), addr(2, 1)}},
		Prefixes: []netip.Prefix{netip.PrefixFrom(addr(0, 0), 24), netip.PrefixFrom(addr(2, 0), 24)},
	}
	grouped := false
	for seed := range uint64(150) {
		uses := generated(seed)
		exact, wide := Propose(uses, Grouping{}), Propose(uses, group)
		grouped = grouped || len(wide.Rules) < len(exact.Rules)
		allowed, refused := map[Tuple]bool{}, map[Tuple]bool{}
		for _, u := range uses {
			if u.Denied {
				refused[u.Tuple] = true
			} else {
				allowed[u.Tuple] = true
			}
		}
		both := 0
		w := World{Groups: map[string][]netip.Addr{"/asg/a": group.Groups["/asg/a"], "/asg/b": group.Groups["/asg/b"]}}
		for _, p := range []Proposal{exact, wide} {
			both = 0
			for of := range allowed {
				if !passes(t, w, p.Rules, of) {
					t.Fatalf("seed %d: %+v was let pass and is refused", seed, of)
				}
				if refused[of] {
					both++
				}
			}
			if len(p.Both) != both {
				t.Fatalf("seed %d: %d tuples were both, %d are told", seed, both, len(p.Both))
			}
			for of := range refused {
				if d := w.Decide(p.Rules, of); !allowed[of] && d.Rule != nil && d.Rule.Access == "Allow" {
					t.Fatalf("seed %d: %+v was refused and is let pass by %+v", seed, of, d.Rule)
				}
			}
		}
		for _, u := range generated(seed + 1000) {
			if d := w.Decide(exact.Rules, u.Tuple); !allowed[u.Tuple] && d.Rule != nil && d.Rule.Access == "Allow" {
				t.Fatalf("seed %d: %+v was never seen and is let pass by %+v", seed, u.Tuple, d.Rule)
			}
		}
	}
	if !grouped {
		t.Error("groups and prefixes made no proposal shorter")
	}
}

// TestProposal checks how rules look: ports in a row as a range, one rule for clients and
// servers that are alike, the load balancer's probes by their tag.
func TestProposal(t *testing.T) {
	var uses []Use
	for _, port := range []uint16{1433, 1434, 8080} {
		for _, client := range []byte{4, 5} {
			uses = append(uses, Use{Tuple: Tuple{Inbound, "TCP", port, addr(1, client), addr(2, 9)}})
		}
	}
	uses = append(uses, Use{Tuple: Tuple{Inbound, "TCP", 80, azureLoadBalancer, addr(2, 9)}}, Use{Tuple: Tuple{Inbound, "TCP", 0, addr(1, 1), addr(2, 9)}})
	p := Propose(uses, Grouping{})
	if len(p.Rules) != 3 || p.Left != 1 {
		t.Fatalf("want 3 rules and 1 use left, got %+v", p)
	}
	if r := p.Rules[0]; r.Sources[0] != "AzureLoadBalancer" {
		t.Errorf("probes come from %v", r.Sources)
	}
	if r := p.Rules[1]; len(r.Ports) != 2 || r.Ports[0] != "1433-1434" || r.Sources[0] != "10.0.1.4/31" || r.Protocol != "Tcp" {
		t.Errorf("want 1433-1434 and 8080 of 10.0.1.4/31, got %+v", r)
	}
}
