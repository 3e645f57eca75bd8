package region

import "testing"

func TestName(t *testing.T) {
	tests := map[string]string{
		"West Europe": "westeurope", "WestEurope": "westeurope", "germanywc": "germanywestcentral", "germanyn": "germanynorth",
		"centralfrance": "francecentral", "southfrance": "francesouth", "norwaye": "norwayeast", "norwayw": "norwaywest",
		"switzerlandn": "switzerlandnorth", "switzerlandw": "switzerlandwest", "brazilse": "brazilsoutheast", "brazilne": "brazilnortheast",
		"chilec": "chilecentral", "usstagee": "eastusstg", "usstagec": "southcentralusstg", "Mars North": "marsnorth", "": "",
	}
	for text, want := range tests {
		if got := Name(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if !Same(text, want) || Same(text, want+"2") {
			t.Errorf("%q is another region than %q, or the same as %q", text, want, want+"2")
		}
	}
}

// TestZones names regions in which the maps differ, so that none stands for
// another.
func TestZones(t *testing.T) {
	tests := map[string]Region{
		"westeurope":    {Continent: "EU", Egress: 1, Peering: 1, Peering2: 1},
		"qatarcentral":  {Continent: "ME", Egress: 2, Peering: 1, Peering2: 3},
		"jioindiawest":  {Continent: "AS", Egress: 2, Peering: 1, Peering2: 2},
		"chilecentral":  {Continent: "SA", Peering2: 3, OwnMeters: true, tag: "chilec"},
		"polandcentral": {Continent: "EU", Egress: 1, Peering: 1, Peering2: 1, ISPOnly: true},
		"mexicocentral": {Continent: "NA", Egress: 1, Peering2: 1},
		"taiwannorth":   {Continent: "AS"},
	}
	for name, want := range tests {
		want.Name = name
		if got, ok := Of(name); !ok || got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if _, ok := Of("marsnorth"); ok {
		t.Error("a region that nobody has is known")
	}
	for name, r := range All() {
		if Name(name) != name {
			t.Errorf("%s is spelled %s", name, Name(name))
		}
		switch r.Continent {
		case "NA", "EU", "AS", "OC", "ME", "SA":
		default:
			t.Errorf("%s lies on %q", name, r.Continent)
		}
	}
}
