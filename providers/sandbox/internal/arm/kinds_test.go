package arm

import (
	"fmt"
	"strings"
	"testing"

	"flowctl/providers/sandbox/internal/world"
)

// TestRows wants one row for each type, and in the row of each that the world
// makes what a client would have put for it.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kinds() {
		if key := strings.ToLower(k.name); seen[key] {
			t.Errorf("%s has two rows", k.name)
		} else {
			seen[key] = true
		}
	}
	w, err := world.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, m := range compile(w).all {
		made++
		if m.of != nil && kindOf(m.Type).put == nil {
			t.Errorf("the row of %s does not say what makes one", m.Type)
		}
	}
	if made < 50 {
		t.Errorf("the world has %d resources", made)
	}
}

// TestRulesOfGroups looks into the rules that every group has, wherever they
// are shown: what they allow, for whom, and how early they are asked.
func TestRulesOfGroups(t *testing.T) {
	c := newCloud(t)
	nic := c.busiest()
	view := c.result(string(c.watcherIn(c.vm.Location).ID)+"/securityGroupView",
		fmt.Sprintf(`{"targetResourceId":%q}`, c.vm.ID))
	for name, a := range map[string]answer{
		"group":    c.do("GET", string(nic.Subnet.NSG.ID), ""),
		"listing":  c.do("GET", string(nic.Subnet.NSG.ID)+"/defaultSecurityRules", ""),
		"one rule": c.do("GET", string(nic.Subnet.NSG.ID)+"/defaultSecurityRules/AllowVnetInBound", ""),
		"view":     view,
	} {
		props := object(named(a.doc, "AllowVnetInBound"), "properties")
		for member, want := range map[string]any{"access": "Allow", "direction": "Inbound", "priority": 65000.0, "protocol": "*",
			"sourceAddressPrefix": "VirtualNetwork", "destinationPortRange": "*", "provisioningState": "Succeeded"} {
			if props[member] != want {
				t.Errorf("%s: %s is %v, want %v", name, member, props[member], want)
			}
		}
	}
}

// named finds an object by its name, at any depth.
func named(v any, name string) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		if v["name"] == name {
			return v
		}
		for _, part := range v {
			if found := named(part, name); found != nil {
				return found
			}
		}
	case []any:
		for _, part := range v {
			if found := named(part, name); found != nil {
				return found
			}
		}
	}
	return nil
}
