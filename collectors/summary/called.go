package summary

import (
	"net/netip"
	"slices"
	"strings"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/dictionary"
)

// calledNames are what inventories call machines and dictionaries call networks, each
// name once. Number 0 stands for none.
type calledNames struct {
	texts    []string
	vms      []int32 // by machine
	networks networks
}

// use takes over what machines are called, and a dictionary.
func (c *calledNames) use(vms []machine, list []dictionary.Entry) {
	numbers := map[string]int32{"": 0}
	c.texts, c.vms = []string{""}, nil
	for _, vm := range vms {
		c.vms = append(c.vms, textNumber(numbers, &c.texts, vm.name))
	}
	for _, e := range list {
		c.networks.add([]netip.Prefix{e.Prefix}, textNumber(numbers, &c.texts, e.Name))
	}
}

// of is what an address is called that belongs to at.
func (c *calledNames) of(p *locator, a flow.Addr, at location) int32 {
	if n := c.vms[p.nics[at.nic].vm]; n != 0 || a.IsZero() {
		return n
	}
	return c.networks.find(a.Netip())
}

// nameField is what a side is called: by the inventory, else by the dictionary. Where a
// dictionary was given and has no name, there is none.
func nameField(d side) field {
	get := func(s *enriched) int32 {
		if s.point.Class == aggregate.NoIP || d.end(s) != source && d.end(s) != destination {
			return 0
		}
		p := s.point.locator
		return p.called.of(p, d.addr(s), d.location(s))
	}
	return locationField(d.name+".name", get, func(p *locator, i int32) string { return p.called.texts[i] }).known(d.state(func(s *enriched) state {
		switch p := s.point.locator; {
		case get(s) != 0:
			return present
		case p.called.networks.table != nil && !d.addr(s).IsZero():
			return absent
		}
		return s.locationState(d.addr(s), d.location(s))
	}))
}

// add gives the addresses that answers show the names of the dictionary.
func (c *calledNames) add(names []Name, doc *Document) []Name {
	if c.networks.table == nil {
		return names
	}
	shown := map[netip.Addr]bool{}
	show := func(text string) {
		if a, err := netip.ParseAddr(text); err == nil {
			shown[a] = true
		}
	}
	answers := append([]Answer{doc.Talkers, doc.Egress, doc.Services, doc.Rules, doc.Encryption, doc.Scopes}, doc.Asks...)
	for i := range answers {
		for at, f := range answers[i].By {
			if f != "peer" && !strings.HasSuffix(f, ".address") {
				continue
			}
			for j := range answers[i].Rows {
				show(answers[i].Rows[j].Key[at])
			}
		}
	}
	for i := range doc.Top {
		show(doc.Top[i].A)
		show(doc.Top[i].B)
	}
	if t := doc.Answer; t != nil {
		show(t.From.Address)
		show(t.To.Address)
	}
	for i := range names {
		a, err := netip.ParseAddr(names[i].Address)
		if err != nil {
			continue
		}
		if names[i].VM == "" {
			names[i].Name = c.texts[c.networks.find(a)]
		}
		delete(shown, a)
	}
	for a := range shown {
		if n := c.networks.find(a); n != 0 {
			names = append(names, Name{Address: a.String(), Name: c.texts[n]})
		}
	}
	slices.SortFunc(names, func(x, y Name) int {
		a, _ := netip.ParseAddr(x.Address)
		b, _ := netip.ParseAddr(y.Address)
		return a.Compare(b)
	})
	return names
}
