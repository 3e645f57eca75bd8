package plan

import "testing"

// TestRememberWhatOnlyPlansRead wants of a look that did not ask for private endpoints and
// route tables those of the look that did, and what that could not read.
func TestRememberWhatOnlyPlansRead(t *testing.T) {
	first := &Inventory{
		Registered:       map[string]string{"Microsoft.Network": "Registered"},
		PrivateEndpoints: []PrivateEndpoint{{ID: "/pe"}}, Unread: map[string]string{"route_tables": "403", "locks": "403"},
	}
	later := &Inventory{}
	later.Remember(first)
	if len(later.PrivateEndpoints) != 1 || later.Unread["route_tables"] != "403" || later.Unread["locks"] != "" {
		t.Errorf("endpoints %v, unread %v", later.PrivateEndpoints, later.Unread)
	}
	asked := &Inventory{Registered: first.Registered, RouteTables: []RouteTable{{ID: "/rt"}}}
	asked.Remember(first)
	if asked.Unread["route_tables"] != "" || len(asked.RouteTables) != 1 {
		t.Errorf("what was read by now is unread: %v", asked.Unread)
	}
}
