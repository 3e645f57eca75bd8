package summary

import (
	"strings"

	"flowctl/plan"
	"flowctl/plan/question"
)

// resourceTags are the values of the tags that questions ask for, by their names in lower
// case, which Azure compares so. Number 0 of texts stands for none.
type resourceTags struct {
	texts []string
	of    map[string][]int32 // by machine
}

// use looks up the tags that questions ask for. Those of a scale set are its machines'.
func (t *resourceTags) use(p *locator, invs []*plan.Inventory, questions []*Question) {
	t.texts, t.of = []string{""}, map[string][]int32{}
	for _, q := range questions {
		for _, name := range q.names {
			if _, tag, ok := question.Tag(name); ok {
				t.of[strings.ToLower(tag)] = make([]int32, len(p.vms))
			}
		}
	}
	if len(t.of) == 0 {
		return
	}
	numbers := map[string]int32{"": 0}
	note := func(id plan.ID, tags map[string]string) {
		vm := p.byVM[id.Key()]
		for name, value := range tags {
			if list := t.of[strings.ToLower(name)]; list != nil && vm != 0 {
				list[vm] = textNumber(numbers, &t.texts, value)
			}
		}
	}
	for _, inv := range invs {
		for _, vm := range inv.VMs {
			note(vm.ID, vm.Tags)
		}
		for _, set := range inv.ScaleSets {
			for _, i := range set.Instances {
				note(i.ID, set.Tags)
			}
		}
	}
}

// tagField is a tag of the machine at a side. A machine without the tag has none.
func tagField(d side, tag string) field {
	low := strings.ToLower(tag)
	get := func(s *enriched) int32 {
		p := s.point.locator
		if list := p.tags.of[low]; list != nil {
			return list[p.nics[d.location(s).nic].vm]
		}
		return 0
	}
	return locationField(d.name+".tag."+tag, get, func(p *locator, i int32) string { return p.tags.texts[i] }).known(d.state(func(s *enriched) state {
		switch at := d.location(s); {
		case get(s) != 0:
			return present
		case s.point.locator.nics[at.nic].vm != 0:
			return absent
		default:
			return s.locationState(d.addr(s), at)
		}
	}))
}
