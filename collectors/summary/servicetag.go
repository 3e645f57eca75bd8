package summary

import (
	"cmp"
	"fmt"
	"time"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/region"
	"flowctl/plan/servicetag"
)

// publicNames are what a list of service tags says of addresses, by numbers of
// texts, and the regions of inventories and lists, each once. Number 0 of all
// texts stands for none.
type publicNames struct {
	list     *servicetag.List
	tags     []string // first what stands for addresses that no list is about
	services []string
	regions  []string
	number   map[string]int32 // of regions, by their names
	places   []publicName     // by the numbers of the list
}

// publicName is what an address is called: numbers of texts. Tag 0: no list says
// it.
type publicName struct{ tag, service, region int32 }

func newPublicNames() publicNames {
	return publicNames{tags: append([]string{""}, servicetag.Specials()...), services: []string{""}, regions: []string{""}, number: map[string]int32{"": 0}}
}

// use takes over what a list says; nil if there is none.
func (p *publicNames) use(l *servicetag.List) {
	if p.list = l; l == nil {
		return
	}
	services, tags := map[string]int32{"": 0}, map[string]int32{}
	for _, at := range l.Places() {
		p.places = append(p.places, publicName{textNumber(tags, &p.tags, at.Tag), textNumber(services, &p.services, at.Service), p.region(at.Region)})
	}
}

// region is the number of a region, however it is spelled.
func (p *publicNames) region(text string) int32 {
	return textNumber(p.number, &p.regions, region.Name(text))
}

// textNumber is the number of a text, which it gets if it has none.
func textNumber(numbers map[string]int32, texts *[]string, text string) int32 {
	n, ok := numbers[text]
	if !ok {
		n = int32(len(*texts))
		numbers[text], *texts = n, append(*texts, text)
	}
	return n
}

// of is what an address is called that belongs to at.
func (p *publicNames) of(a flow.Addr, at location) publicName {
	ip := a.Netip()
	switch n := servicetag.SpecialNumber(ip); {
	case n != 0:
		return publicName{tag: int32(n)}
	case at.vnet != 0: // public addresses that a virtual network uses for itself
		return publicName{tag: servicetag.PrivateNumber}
	case p.list == nil:
		return publicName{}
	}
	return p.places[p.list.Find(ip)]
}

// public reports whether a list of service tags is what knows an address.
func (n publicName) public() bool { return n.tag == 0 || int(n.tag) > len(servicetag.Specials()) }

// called is what the address of a side is called.
func (d side) called(s *enriched) publicName {
	if s.point.Class == aggregate.NoIP || d.end(s) != source && d.end(s) != destination {
		return publicName{}
	}
	return s.point.locator.public.of(d.addr(s), d.location(s))
}

// region is the number of the region of a side: of the virtual network, of the
// interface that owns a public address, or what a list says.
func (d side) region(s *enriched) int32 {
	if n := s.point.locator.region(d.location(s)); n != 0 {
		return n
	}
	return d.called(s).region
}

// region is the number of the region where something of an inventory is.
func (p *locator) region(at location) int32 { return cmp.Or(p.vnets[at.vnet].at, p.nics[at.nic].at) }

// regionState is absent where who knows an address knows no region of it.
func (d side) regionState(s *enriched) state {
	switch at, n := d.location(s), d.called(s); {
	case d.region(s) != 0:
		return present
	case at.vnet != 0 || at.nic != 0 || !n.public() || s.point.Class == aggregate.NoIP:
	case n.tag == 0:
		return unknown
	default:
		return absent
	}
	return s.locationState(d.addr(s), d.location(s))
}

// tagFields are those that lists of service tags know.
func tagFields(d side) []field {
	of := func(name string, get func(publicName) int32, texts func(*publicNames) []string, st func(publicName) state) field {
		return locationField(d.name+name, func(s *enriched) int32 { return get(d.called(s)) }, func(p *locator, i int32) string { return texts(&p.public)[i] }).
			known(d.state(func(s *enriched) state {
				if s.point.Class == aggregate.NoIP {
					return absent
				}
				return st(d.called(s))
			}))
	}
	return []field{
		of(".service_tag", func(n publicName) int32 { return n.tag }, func(p *publicNames) []string { return p.tags }, func(n publicName) state {
			if n.tag == 0 {
				return unknown
			}
			return present
		}),
		of(".azure_service", func(n publicName) int32 { return n.service }, func(p *publicNames) []string { return p.services }, func(n publicName) state {
			switch {
			case n.tag == 0:
				return unknown
			case n.service == 0:
				return absent
			}
			return present
		}),
		locationField(d.name+".region", d.region, func(p *locator, i int32) string { return p.public.regions[i] }).known(d.state(d.regionState)),
	}
}

// ServiceTags says which list of service tags names the public addresses.
type ServiceTags struct {
	File         string `json:"file"`
	Cloud        string `json:"cloud"`
	ChangeNumber string `json:"change_number"`
	Date         string `json:"date,omitempty"` // as the name of the file has it
	Origin       string `json:"origin"`         // file, or api for what Resource Manager lists
	Tags         int    `json:"tags"`
	Prefixes     int    `json:"prefixes"`
}

func serviceTagsOf(l *servicetag.List) *ServiceTags {
	if l == nil {
		return nil
	}
	t := &ServiceTags{l.File, l.Cloud, l.ChangeNumber, l.Date, "file", l.Tags, l.Prefixes}
	if l.API {
		t.Origin = "api"
	}
	return t
}

// String says it in a sentence.
func (t *ServiceTags) String() string {
	what := fmt.Sprintf("%s list of Azure's service tags", t.Cloud)
	if t.Date != "" {
		what += " of " + t.Date
	}
	text := fmt.Sprintf("Public addresses are named by the %s (change %s, %s, %d tags).", what, t.ChangeNumber, t.File, t.Tags)
	if t.Origin == "api" {
		text += " It is Resource Manager's list, which lacks tags that the weekly file has."
	}
	return text
}

// far is how many days a list may be from what it names before that is said.
const farDays = 14

// named says by which list addresses were named, and how far it is from them.
func (t *ServiceTags) named(first, last time.Time) string {
	text := t.String()
	date, err := time.Parse(time.DateOnly, t.Date)
	if err != nil {
		return text + " Its date is not known; of the date of the flows, names may have been others."
	}
	days := int(max(date.Sub(last), first.Sub(date)).Hours() / 24)
	if first.IsZero() || days <= farDays {
		return text
	}
	return text + fmt.Sprintf(" That is %d days from the flows: a few in a hundred addresses have another name in half a year.", days)
}
