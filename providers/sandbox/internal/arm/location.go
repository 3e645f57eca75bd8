package arm

import (
	"strings"

	"flowctl/plan/region"
)

// geographies are those of Azure's regions and how people call the regions of
// each ("List of Azure regions").
var geographies = []struct{ name, regions string }{
	{"US", "Central US,East US,East US 2,North Central US,South Central US,West Central US,West US,West US 2,West US 3"},
	{"Europe", "Austria East,Belgium Central,France Central,Germany West Central,Italy North,North Europe,Norway East,Poland Central,Spain Central,Sweden Central,Switzerland North,UK South,UK West,West Europe"},
	{"Asia Pacific", "Australia Central,Australia East,Australia Southeast,Central India,East Asia,Indonesia Central,Japan East,Japan West,Korea Central,Korea South,Malaysia West,New Zealand North,South India,Southeast Asia,West India"},
	{"Canada", "Canada Central,Canada East"},
	{"South America", "Brazil South,Chile Central"},
	{"Mexico", "Mexico Central"},
	{"Africa", "South Africa North"},
	{"Middle East", "Israel Central,Qatar Central,UAE North"},
}

// displayName is how people call a region, alone and with its geography. One
// that is none of Azure's is called as it is.
func displayName(name string) (display, regional string) {
	for _, g := range geographies {
		for display := range strings.SplitSeq(g.regions, ",") {
			if region.Same(display, name) {
				return display, "(" + g.name + ") " + display
			}
		}
	}
	return name, name
}
