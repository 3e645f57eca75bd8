// Package region knows the regions of Azure: how they are spelled, on which
// continent they lie, and in which zone traffic from them is billed. Three maps
// of that are published, and they differ: one for egress to the internet, one
// for peering, one for transfer between regions. They are kept apart, with where
// sources disagree.
package region

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed regions.txt
var table string

// Region is what is known of one.
type Region struct {
	Name      string // as Azure Resource Manager has it
	Continent string // NA, EU, AS, OC, ME (with Africa), SA

	// Zones of billing, 1 to 3; 0 where no source has one.
	Egress   int
	Peering  int
	Peering2 int // as another source has it

	OwnMeters bool // egress is billed by meters of the region's own
	ISPOnly   bool // only routing preference Internet has a meter

	tag string
}

var all = sync.OnceValue(func() map[string]Region {
	regions := map[string]Region{}
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) != 6 || f[0] == "#" {
			continue
		}
		r := Region{Name: f[0], Continent: f[1], Egress: zone(f[2]), Peering: zone(f[3]), Peering2: zone(f[4]), OwnMeters: f[2] == "own", ISPOnly: f[2] == "isp"}
		if f[5] != "-" {
			r.tag = f[5]
		}
		regions[r.Name] = r
	}
	return regions
})

// zone reads a zone. Where a region has but a meter for routing preference
// Internet, that is one of zone 1.
func zone(text string) int {
	switch text {
	case "1", "2", "3":
		return int(text[0] - '0')
	case "isp":
		return 1
	}
	return 0
}

// byTag finds regions by their spelling in lists of service tags.
var byTag = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for name, r := range all() {
		if r.tag != "" {
			names[r.tag] = name
		}
	}
	return names
})

// Name is a region as Azure Resource Manager spells it, from any spelling:
// "West Europe", "WestEurope", and "centralfrance" of lists of service tags. What
// is not known keeps its letters, in lower case.
func Name(text string) string {
	name := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "-", ""))
	if arm, ok := byTag()[name]; ok {
		return arm
	}
	return name
}

// Same reports whether two spellings mean one region.
func Same(a, b string) bool { return Name(a) == Name(b) }

// Of returns what is known of a region, in any spelling.
func Of(text string) (Region, bool) {
	r, ok := all()[Name(text)]
	return r, ok
}

// All returns all regions that are known, by name.
func All() map[string]Region { return all() }
